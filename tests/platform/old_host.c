/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program as old container hosts do: system calls that they do not know fail with EPERM,
   where the kernel itself would say ENOSYS.

   usage: old_host PROGRAM ARGUMENT... */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REFUSE(call)                               \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), \
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

int main(int argc, char** argv) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      REFUSE(SYS_statx),
      REFUSE(SYS_clone3),
      REFUSE(SYS_openat2),
      REFUSE(SYS_faccessat2),
      REFUSE(SYS_close_range),
      REFUSE(SYS_memfd_create),
      REFUSE(SYS_membarrier),
      REFUSE(SYS_rseq),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  if (argc < 2) return 2;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("seccomp");
    return 77; /* where containers allow no filters */
  }
  execv(argv[1], argv + 1);
  perror(argv[1]);
  return 1;
}
