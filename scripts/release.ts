/**
 * Releases the package that lies in the current folder: `npm run release` says whether it may be released, `-- --publish`
 * publishes it too, with its provenance, which npm gives to a run of a public CI alone. It refuses when anything is red.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { billOf } from './sbom.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly repository?: unknown
  readonly homepage?: unknown
  readonly bugs?: unknown
  readonly scripts?: Readonly<Record<string, string>>
}

const BRANCH = 'main'
/** Scripts of package.json that must pass, the quickest first. */
const GREEN = ['check', 'knip', 'build', 'publint', 'attw', 'test']

const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const tag = `v${manifest.version}`
const PUBLISHES = process.argv.includes('--publish')

/** What a command writes; null where it fails. */
function output(program: string, ...args: string[]): string | null {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : null
}

/** What is known in a moment: each with what to do about it. */
function faults(): string[] {
  return [...faultsOfManifest(), ...faultsOfHistory(), ...faultsOfChangelog(), ...faultsOfRegistry()]
}

function faultsOfManifest(): string[] {
  const unset = (['repository', 'homepage', 'bugs'] as const).filter((field) => manifest[field] === undefined)
  const missing = GREEN.filter((name) => manifest.scripts?.[name] === undefined)
  return [
    ...unset.map((field) => `address: package.json has no "${field}": set it once the project has an address`),
    ...(/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(manifest.version) ? [] : [`version: "${manifest.version}" is no version`]),
    ...missing.map((name) => `script: package.json has no script "${name}"`),
  ]
}

function faultsOfHistory(): string[] {
  const head = output('git', 'rev-parse', 'HEAD')
  if (head === null) return ['git: this is no repository']
  const branches = output('git', 'branch', '--all', '--contains', 'HEAD', '--format=%(refname)') ?? ''
  const isOnBranch = branches
    .split('\n')
    .some((ref) => ref === `refs/heads/${BRANCH}` || ref.endsWith(`origin/${BRANCH}`))
  const dirty = output('git', 'status', '--porcelain') ?? ''
  const tagged = output('git', 'rev-parse', '--verify', '--quiet', `${tag}^{commit}`)
  return [
    ...(isOnBranch ? [] : [`branch: what is checked out is not on ${BRANCH}`]),
    ...(dirty === '' ? [] : [`tree: there are changes that are not committed: ${dirty.split('\n').length}`]),
    ...(tagged === head || (tagged === null && !PUBLISHES)
      ? []
      : [`tag: ${tag} stands for another commit: raise the version`]),
  ]
}

function faultsOfChangelog(): string[] {
  const text = existsSync('CHANGELOG.md') ? readFileSync('CHANGELOG.md', 'utf8') : ''
  const section = text.split(/^## /m).find((one) => one.split(/\s/)[0] === manifest.version)
  const [heading = '', ...lines] = (section ?? '').split('\n')
  if (section === undefined) return [`changelog: CHANGELOG.md has no section "## ${manifest.version}"`]
  return [
    ...(/unreleased/i.test(heading) ? ['changelog: its section says "unreleased": put the date there'] : []),
    ...(lines.join('').trim() === '' ? ['changelog: its section says nothing'] : []),
  ]
}

function faultsOfRegistry(): string[] {
  const { status, stdout, stderr } = spawnSync('npm', ['view', manifest.name, 'versions', '--json'], {
    encoding: 'utf8',
  })
  if (status !== 0)
    return /E404/.test(stdout + stderr) ? [] : ['registry: npm cannot say which versions there are; is it reachable?']
  const versions = [JSON.parse(stdout)].flat()
  return versions.includes(manifest.version) ? [`registry: ${manifest.name} ${manifest.version} is there already`] : []
}

/** The first script that fails; null: all passed. */
function firstRed(): string | null {
  for (const name of GREEN) {
    console.log(`== npm run ${name}`)
    if (spawnSync('npm', ['run', '--silent', name], { stdio: 'inherit' }).status !== 0) return name
  }
  return null
}

function refuse(reasons: readonly string[]): never {
  console.error(`${manifest.name} ${manifest.version} is not released:\n${reasons.map((one) => `- ${one}`).join('\n')}`)
  process.exit(1)
}

const found = faults()
if (found.length > 0) refuse(found)
const red = firstRed()
if (red !== null) refuse([`red: npm run ${red} fails`])
// What the scripts have made anew belongs to the commit.
if (output('git', 'status', '--porcelain') !== '') refuse(['tree: the scripts have changed files'])

const bill = `${manifest.name}-${manifest.version}.cdx.json`
if (process.argv.includes('--publish')) {
  writeFileSync(bill, JSON.stringify(billOf('.'), null, 2))
  execFileSync('npm', ['publish', '--provenance', '--access', 'public'], { stdio: 'inherit' })
  console.log(
    `${manifest.name} ${manifest.version} is published; ${bill} lists what it is made of: attach it to the release`,
  )
} else {
  console.log(`${manifest.name} ${manifest.version} may be released: git tag ${tag} && git push origin ${tag}`)
}
