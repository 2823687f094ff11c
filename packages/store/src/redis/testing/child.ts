import { contest } from '../../testing/contestant.ts'
import { openWithFile } from './with-file.ts'

contest(async (place) => (await openWithFile(place)).store)
