/** Mounts as containers have them: each process below has its own. */
import { copyFileSync, existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Child, newFolder, startChild, startMounted } from '../inboxes/sqlite/kit.ts'
import { describeWith } from './harness/tools.ts'

const line = (child: Child, start: string) => child.lines.find((one) => one.startsWith(start)) ?? ''

interface Container {
  /** Outside. */
  readonly file: string
  /** Inside. */
  readonly path: string
  readonly mount: string
}

/** A file of the host that is to be mounted by itself. */
function container(name = 'inbox.db'): Container {
  const [host, inside] = [newFolder(), newFolder()]
  const [file, path] = [join(host, name), join(inside, name)]
  for (const one of [file, path]) writeFileSync(one, '')
  return { file, path, mount: `mount --bind '${file}' '${path}'` }
}

/** What an owner left that was killed: the database on the host, and its log in the container. */
async function abandoned(): Promise<Container> {
  const place = container()
  const child = startChild('hold', place.file)
  await child.said('claimed 1')
  child.process.kill('SIGKILL')
  await child.ended
  for (const end of ['-wal', '-shm']) renameSync(place.file + end, place.path + end)
  return place
}

describeWith(['mount'], 'a file that is mounted by itself', () => {
  it.each(['inbox.db', 'in box\\1.db'])('(%s) is refused, and nothing is made beside it', async (name) => {
    const { path, mount } = container(name)
    const child = startMounted(mount, 'own', path)
    await child.said('ERR_INBOX_MOUNT')
    expect(line(child, 'because')).toContain(path)
    expect(['-wal', '-lock'].map((end) => existsSync(path + end))).toEqual([false, false])
  })

  it('is refused under a link, too', async () => {
    const { path, mount } = container()
    const link = join(newFolder(), 'link.db')
    symlinkSync(path, link)
    await startMounted(mount, 'own', link).said('ERR_INBOX_MOUNT')
  })

  it('says first what its log holds, and has all of it when it is taken along', async () => {
    const { path, file, mount } = await abandoned()
    const child = startMounted(mount, 'own', path)
    await child.said('ERR_INBOX_MOUNT')
    expect(line(child, 'because')).toMatch(new RegExp(`^because ${path}-wal holds acknowledged deliveries`))
    // As the message says: the files together, into a directory that is mounted.
    const moved = newFolder()
    copyFileSync(file, join(moved, 'inbox.db'))
    copyFileSync(`${path}-wal`, join(moved, 'inbox.db-wal'))
    const inside = newFolder()
    const next = startMounted(`mount --bind ${moved} ${inside}`, 'own', join(inside, 'inbox.db'))
    await next.said('open')
    next.process.kill('SIGKILL')
    await next.ended
    const look = startChild('look', join(moved, 'inbox.db'))
    await look.said('pending 2')
  })

  it('is opened for control, with a warning', async () => {
    const { path, mount } = await abandoned()
    const child = startMounted(mount, 'look', path)
    await child.said('pending 2')
    expect(line(child, 'warned')).toContain('mounted')
  })

  it('is copied with what its log holds, by a control beside it', async () => {
    const { path, mount } = await abandoned()
    const copy = join(newFolder(), 'copy.db')
    await startMounted(mount, 'backup', path, copy).said('copied')
    await startChild('look', copy).said('pending 2')
  })
})

describeWith(['mount'], 'a directory', () => {
  it('that is mounted has one owner in all containers', async () => {
    const host = newFolder()
    const inside = newFolder()
    const mount = `mount --bind ${host} ${inside}`
    await startMounted(mount, 'own', join(inside, 'inbox.db')).said('open')
    await startMounted(mount, 'own', join(inside, 'inbox.db')).said('ERR_INBOX_OWNED')
    await startChild('own', join(host, 'inbox.db')).said('ERR_INBOX_OWNED')
  })

  it('of an overlay, as the root of a container is, has no fault', async () => {
    const folder = newFolder()
    const layers = ['lower', 'upper', 'work', 'merged'].map((name) => join(folder, name))
    for (const layer of layers) mkdirSync(layer)
    const [lower, upper, work, merged] = layers
    writeFileSync(join(lower!, 'inbox.db'), '', { mode: 0o600 })
    const mount = `mount -t overlay overlay -o lowerdir=${lower},upperdir=${upper},workdir=${work} ${merged}`
    const child = startMounted(mount, 'own', join(merged!, 'inbox.db'))
    await child.said('open')
    expect(line(child, 'warned')).toBe('')
  })

  it('in memory is warned of', async () => {
    const folder = newFolder()
    const child = startMounted(`mount -t tmpfs tmpfs ${folder}`, 'own', join(folder, 'inbox.db'))
    await child.said('open')
    expect(line(child, 'warned')).toContain('tmpfs')
  })
})
