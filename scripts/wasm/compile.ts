/** Compiles the WebAssembly of the scan into a module that carries it as text. */
import initWabt from 'wabt'
import * as tokens from './tokens.ts'

/** What the code around the module needs to know. */
const { TOKENS_WAT, ...constants } = tokens

export async function renderTokens(): Promise<string> {
  const wabt = await initWabt()
  const module = wabt.parseWat('tokens.wat', TOKENS_WAT, { simd: true })
  try {
    module.resolveNames()
    module.validate()
    const { buffer } = module.toBinary({})
    return [
      '// Generated from scripts/wasm/tokens.ts by `npm run generate`. Do not edit.',
      ...Object.entries(constants)
        .sort()
        .map(([name, value]) => `export const ${name} = ${value}`),
      `export const MODULE =\n  '${Buffer.from(buffer).toString('base64')}'`,
      '',
    ].join('\n')
  } finally {
    module.destroy()
  }
}
