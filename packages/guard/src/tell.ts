/** Tells a listener, which must not decide about a request by what it throws. */
export function tell(listener: () => void): void {
  try {
    listener()
  } catch {
    // There is nobody left to tell.
  }
}
