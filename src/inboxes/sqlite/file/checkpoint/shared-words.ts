/** What the writer and its thread that checkpoints share: a request by message, and two numbers. */
export interface CheckpointRequest {
  readonly path: string
}

/** What SQLite answers to a checkpoint: the frames of the log, and those of them that are in the file. */
export interface Frames {
  readonly log: number
  readonly checkpointed: number
}

/** Whether nothing is left; a connection that reads an earlier state keeps what came after it in the log. */
export const isWhole = (frames: Frames | undefined): boolean =>
  frames !== undefined && frames.checkpointed >= frames.log

export const AT = { running: 0, result: 1 } as const
/** As they stand in shared memory. */
export const RESULTS = ['none', 'whole', 'left', 'failed'] as const
export type Result = Exclude<(typeof RESULTS)[number], 'none'>
