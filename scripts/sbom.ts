/** The bill of materials of a release, as CycloneDX: what npm installs with the package, and what is built into `dist`. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Component {
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
}

interface Bill {
  readonly metadata: { readonly component: Component }
  readonly components: readonly Component[]
  readonly dependencies: ReadonlyArray<{ readonly ref: string; readonly dependsOn: readonly string[] }>
}

/** Packages of the development that are built in count; their licences lie in `dist`. */
export function billOf(folder: string): Bill {
  const all = listed(folder)
  const installed = new Set(listed(folder, '--omit', 'dev').components.map((one) => one['bom-ref']))
  const licences = readFileSync(join(folder, 'dist/third-party-licenses.txt'), 'utf8')
  const builtIn = new Set(
    [...licences.matchAll(/^(\S+) (\d\S*) \(.*\)$/gm)].map(([, name, version]) => `${name}@${version}`),
  )
  const isIn = (one: Component) => installed.has(one['bom-ref']) || builtIn.has(`${one.name}@${one.version}`)
  const components = all.components.filter(isIn)
  const refs = new Set([all.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])])
  const dependencies = all.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }))
  return { ...all, components, dependencies }
}

function listed(folder: string, ...flags: readonly string[]): Bill {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', ...flags]
  return JSON.parse(execFileSync('npm', args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 }))
}
