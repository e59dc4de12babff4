// A child that lives and does nothing until it is killed: without libc, for there are ten thousand of them.
#include "../bare_call.h"

void _start(void) {
#ifdef IDLE_CHILD_IS_MUTE
  call(SYS_close, 1, 0, 0, 0);
  call(SYS_close, 2, 0, 0, 0);
#endif
  for (;;) call(SYS_ppoll, 0, 0, 0, 0);
}
