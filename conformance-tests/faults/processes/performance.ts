/** What the module of a resident process exports: does one task, and says lines on its way. */
export type Perform = (task: never, say: (line: string) => void) => Promise<void>
