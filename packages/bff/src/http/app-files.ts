import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { sendProblem } from './answers.ts'
import type { Call } from './call.ts'
import { appHeaders } from './security-headers.ts'

const INDEX = 'index.html'

/** The files of the app. A navigation to any other place gets `index.html`: the app has routes of its own. */
export async function sendAppFile(call: Call, root: string): Promise<void> {
  const { request, reply, frontend } = call
  const file = await fileFor(call, root)
  if (file === undefined) return sendNotFound(call)
  reply.headers({
    ...appHeaders(frontend.contentSecurityPolicy),
    'cache-control': isNamedByContent(file) ? 'public, max-age=31536000, immutable' : 'no-cache',
  })
  if (request.method === 'GET' || request.method === 'HEAD')
    reply.sendFile(file, path.resolve(root))
  else sendNotFound(call)
}

async function fileFor(
  { target, frontend, request }: Call,
  root: string,
): Promise<string | undefined> {
  const name = decoded(target.path.slice(frontend.folder.length))
  const hidden = name?.split('/').some((part) => part.startsWith('.')) !== false
  if (name !== undefined && name !== '' && !hidden && (await isFileIn(root, name))) {
    return name
  }
  const isNavigation = request.headers.accept?.includes('text/html') === true
  return isNavigation && (await isFileIn(root, INDEX)) ? INDEX : undefined
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name)
  } catch {
    return undefined
  }
}

/** A link out of the folder leads nowhere. */
async function isFileIn(root: string, name: string): Promise<boolean> {
  try {
    const [folder, file] = await Promise.all([realpath(root), realpath(path.join(root, name))])
    return file.startsWith(folder + path.sep) && (await stat(file)).isFile()
  } catch {
    return false
  }
}

/** As bundlers name them: the content decides the name, so the content never changes. */
function isNamedByContent(file: string): boolean {
  return /^assets\/.*[.-][\w-]{8,}\.\w+$/.test(file)
}

export function sendNotFound(call: Call): void {
  sendProblem(call, { status: 404, code: 'not_found', title: 'There is nothing here.' })
}
