import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverAccount } from './server.ts'

/** A file system of its own for the log of a server, so small that it can be filled. */
export interface LogDisk {
  readonly directory: string
  resize(megabytes: number): void
  remove(): void
}

/** @throws Error where neither root nor sudo without a password is to be had: nothing else can mount. */
export function mountLogDisk(megabytes: number): LogDisk {
  const directory = mkdtempSync(join(tmpdir(), 'signet-wal-'))
  const { uid, gid } = serverAccount() ?? { uid: process.getuid?.(), gid: process.getgid?.() }
  const mount = (options: string): void =>
    asRoot('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory])
  mount(`size=${megabytes}m,mode=700,uid=${uid},gid=${gid}`)
  return {
    directory,
    resize: (to) => mount(`remount,size=${to}m`),
    remove: () => {
      asRoot('umount', ['--lazy', directory])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function asRoot(command: string, words: readonly string[]): void {
  const [program, given] =
    process.getuid?.() === 0 ? [command, words] : ['sudo', ['-n', command, ...words]]
  try {
    execFileSync(program, given, { stdio: 'pipe' })
  } catch (error) {
    throw new Error(
      `this test fills a disk, and needs root, or sudo without a password, to mount one`,
      { cause: error },
    )
  }
}
