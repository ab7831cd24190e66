/** Every scenario, in the order in which they run. */
import { acks } from './acks.ts'
import { backlog } from './backlog.ts'
import { decode } from './decode.ts'
import { footprint } from './footprint.ts'
import { growth } from './growth.ts'
import { loop } from './loop.ts'
import { memory } from './memory.ts'
import { posts } from './posts.ts'
import { pruning } from './pruning.ts'
import type { Scenario } from './scenario.ts'
import { slowDisk } from './slow-disk.ts'
import { telling } from './telling.ts'
import { throughput } from './throughput.ts'

export const SCENARIOS: readonly Scenario[] = [
  acks,
  throughput,
  posts,
  loop,
  decode,
  memory,
  backlog,
  slowDisk,
  growth,
  pruning,
  telling,
  footprint,
]
