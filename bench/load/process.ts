/** A load process: takes a plan, answers its result, any number of times. Started by `processes.ts`. */
import { load } from './load.ts'
import type { LoadPlan } from './plan.ts'

process.on('message', (plan: LoadPlan) => {
  void load(plan).then((result) => process.send?.(result))
})
