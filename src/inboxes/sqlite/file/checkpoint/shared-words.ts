/** What the file's thread and the checkpoint thread share: a request by message, and two numbers. */
export interface CheckpointRequest {
  readonly path: string
}

/** What SQLite returns for a checkpoint: the frames of the WAL, and how many of them are in the file. */
export interface Frames {
  readonly log: number
  readonly checkpointed: number
}

/** Whether the whole WAL is in the file. A reader of an earlier state keeps later frames out of it. */
export const isWhole = (frames: Frames | undefined): boolean =>
  frames !== undefined && frames.checkpointed >= frames.log

export const AT = { running: 0, result: 1 } as const
/** By their number in shared memory. */
export const RESULTS = ['none', 'whole', 'left', 'failed'] as const
export type Result = Exclude<(typeof RESULTS)[number], 'none'>
