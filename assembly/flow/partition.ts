/**
 * Sharing one capture between several cores: each walks every packet and keeps the connections whose hash falls to
 * it. All packets of a connection, whatever their direction or place in the file, have the same hash: the rows of all
 * shares together are those of one core.
 */
let share: u32 = 0;
let shares: u32 = 1;

/** This core keeps share `index` of `count`. */
export function setPartition(index: u32, count: u32): void {
  share = index;
  shares = count;
}

/** Whether the connection with this hash (`flowHash`) is kept here. */
@inline export function isOurs(hash: u32): bool {
  return shares == 1 || <u32>((<u64>hash * shares) >> 32) == share;
}
