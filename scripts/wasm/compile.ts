/** Compiles the WebAssembly of the scan, and of the text that is made of its slices, into a module that carries it as text. */
import initWabt from 'wabt'
import * as layout from './layout.ts'
import { MAKE_TEXT } from './text.ts'
import { FIND_TOKENS } from './tokens.ts'

const MODULE = `(module
(memory (export "memory") ${layout.END_OF_MEMORY / 65_536})
${FIND_TOKENS}
${MAKE_TEXT})`

export async function renderWasm(): Promise<string> {
  const wabt = await initWabt()
  const module = wabt.parseWat('module.wat', MODULE, { simd: true })
  try {
    module.resolveNames()
    module.validate()
    const { buffer } = module.toBinary({})
    return [
      '// Generated from scripts/wasm/ by `npm run generate`. Do not edit.',
      ...Object.entries(layout)
        .sort()
        .map(([name, value]) => `export const ${name} = ${value}`),
      `export const MODULE =\n  '${Buffer.from(buffer).toString('base64')}'`,
      '',
    ].join('\n')
  } finally {
    module.destroy()
  }
}
