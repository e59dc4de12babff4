// A child that lives and does nothing until it is killed: without libc, for there are ten thousand of them.
#include "../bare_call.h"

void _start(void) {
  for (;;) call(SYS_ppoll, 0, 0, 0, 0);
}
