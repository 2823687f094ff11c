import { readSettings } from '../settings.ts'
import { serve } from '../serve.ts'
import { createApi } from './create-api.ts'

/** The API of the example bank: `main.ts <demo.json>`. */
const settings = readSettings(process.argv[2] ?? '.signet/dev/demo.json')
const api = await createApi(settings, {
  onTrouble: (trouble) => process.stderr.write(`bank api: ${JSON.stringify(trouble)}\n`),
})
await serve(api, settings.api)
