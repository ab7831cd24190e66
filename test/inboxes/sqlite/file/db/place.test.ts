import { expect, it } from 'vitest'
import { warningsAboutFileSystem, warningsAboutType } from '../../../../../src/inboxes/sqlite/file/db/place.ts'
import { newFile } from '../../kit.ts'

const linux = process.platform === 'linux'

it.runIf(linux).each([
  ['tmpfs', 0x01021994],
  ['ramfs', 0x858458f6],
  ['NFS', 0x6969],
  ['SMB', 0x517b],
  ['SMB', 0xfe534d42],
  ['CIFS', 0xff534d42],
  // As a signed number of 32 bits.
  ['CIFS', 0xff534d42 | 0],
  ['9p', 0x01021997],
  ['FUSE', 0x65735546],
])('warns of %s (%i)', (name, type) => {
  expect(warningsAboutType('/data/inbox.db', type)).toEqual([
    expect.stringContaining(`/data/inbox.db lies on ${name}:`),
  ])
})

it('does not warn of ext4, xfs, btrfs and overlayfs', () => {
  const local = [0xef53, 0x58465342, 0x9123683e, 0x794c7630]
  expect(local.flatMap((type) => warningsAboutType('/data/inbox.db', type))).toEqual([])
})

it('asks for a file that is not there yet', () => {
  expect(() => warningsAboutFileSystem(newFile())).not.toThrow()
})
