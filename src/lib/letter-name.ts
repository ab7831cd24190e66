/** A dead letter, as `after` names it: `d_….3/warehouse`, of a replay `d_….3@r_…/warehouse`. An event may fail in each run. */
export function letterName({ id, run }: { readonly id: string; readonly run: string | null }, handler: string): string {
  return run === null ? `${id}/${handler}` : `${id}@${run}/${handler}`
}
