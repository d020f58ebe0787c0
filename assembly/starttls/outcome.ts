/** The connection will not turn to TLS. Smaller than the other outcomes, so that `max` finds the best of several. */
export const PRE_TLS_DROP: i32 = -2;
/** Too few bytes to tell: they are to come again with those that follow. */
export const PRE_TLS_WAIT: i32 = -1;
