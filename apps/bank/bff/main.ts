import { readSettings } from '../settings.ts'
import { serve } from '../serve.ts'
import { createApp } from './create-app.ts'

/** The backend of the example bank's app: `main.ts <demo.json>`. */
const settings = readSettings(process.argv[2] ?? '.signet/dev/demo.json')
await serve(await createApp(settings), settings.app)
