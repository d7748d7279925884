import { HttpFailure } from '../core/http.ts'
import type { Call } from '../core/http.ts'
import type { World } from '../world.ts'

export async function handleHub(_world: World, _call: Call): Promise<void> {
  throw new HttpFailure(501, { error: 'not yet' })
}
