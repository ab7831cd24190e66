/** What the thread that renews is given. */
export interface LeaseTerms {
  /** Where the package `pg` lies. */
  readonly driver: string
  readonly connectionString: string
  /** The statement that renews, with the owner and the length of the lease. */
  readonly text: string
  readonly owner: string
  readonly leaseMs: number
  readonly everyMs: number
  readonly stallMs: number
  /** Shared: the process counts it up while its event loop turns. */
  readonly beats: Int32Array
  /** Shared: when the lease was renewed last, by the steady clock of the machine, in ns. */
  readonly renewedAt: BigInt64Array
}
