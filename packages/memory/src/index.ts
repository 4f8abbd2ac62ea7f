export {
  createMemoryData,
  createMemoryStore,
  databaseOf,
  type MemoryData,
  memoryDriver,
  type MemoryStore,
  type MemoryStoreOptions,
} from './memory.ts'
