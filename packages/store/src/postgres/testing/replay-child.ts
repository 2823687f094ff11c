import { openPostgresReplay } from '../guard-replay.ts'

/** One process of several that guard an API: tries a hundred proofs that all the others try too, and tells which it won. */
const replay = await openPostgresReplay({
  server: process.argv[2] ?? '',
  resource: 'https://api.example',
})
const until = Date.now() / 1_000 + 60
for (let at = 0; at < 100; at += 1) {
  if ((await replay.first([{ digest: `proof ${at}`, until }])) === undefined) {
    process.stdout.write(`${at} `)
  }
}
await replay.close()
