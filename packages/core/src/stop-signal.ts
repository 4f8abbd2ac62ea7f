/** What is used of an `AbortSignal`, which is what has to be given: so that these types need no others. */
export interface StopSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}
