/** Runs a table of attacks: each on its hosts, one site for all of a host, and after each the question whether it stands. */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Host, hosts } from '../../contracts/hosts.ts'
import type { Attack } from './attack.ts'
import { openSite, type Site } from './site.ts'

export function describeAttacks(title: string, attacks: readonly Attack[]): void {
  const everywhere = attacks.filter(({ where }) => where === 'hosts')
  const once = attacks.filter(({ where }) => where === 'once')
  describe(title, () => {
    if (everywhere.length > 0) for (const host of hosts) describeOn(host, host.name, everywhere)
    if (once.length > 0) describeOn(hosts[0]!, 'core', once)
  })
}

function describeOn(host: Host, on: string, attacks: readonly Attack[]): void {
  describe(`on ${on}`, () => {
    let site: Site
    beforeAll(async () => {
      site = await openSite(host)
    })
    afterAll(() => site.close())
    for (const { id, input, expected, run, skip } of attacks)
      it.skipIf(skip)(`${id} ${input}: ${expected}`, { timeout: 240_000 }, async ({ task }) => {
        task.meta.attack = { id, input, expected, on }
        await run(site)
        await site.stands()
      })
  })
}
