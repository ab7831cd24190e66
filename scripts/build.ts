/** Builds `dist/`, or the folder given: plain ESM with declarations and their maps. */
import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const out = process.argv[2] === undefined ? join(root, 'dist') : resolve(process.argv[2])
rmSync(out, { recursive: true, force: true })
const tsc = join(root, 'node_modules/typescript/bin/tsc')
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', out], { cwd: root, stdio: 'inherit' })
chmodSync(join(out, 'cli/main.js'), 0o755)
