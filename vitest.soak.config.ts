import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** For `npm run soak`: one fault after the other. */
export default defineConfig({
  ...base,
  test: {
    include: ['test/soak/*.soak.ts'],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    pool: 'forks',
    fileParallelism: false,
  },
})
