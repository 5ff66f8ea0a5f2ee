/* Stands between the program and the system (LD_PRELOAD): counts the calls that touch files below a folder, and lets one of
 * them, or all from one on, fail, or kills the process there. Compiled and used by faults.rs; Linux alone.
 *
 * CUSTLOAD_FAULT_ROOT   the folder
 * CUSTLOAD_FAULT_KINDS  which calls are counted: a sum of the bits of `enum kind`
 * CUSTLOAD_FAULT_MODE   what happens, one of `enum mode`; without it calls are only counted
 * CUSTLOAD_FAULT_AT     at the how-manieth call, from 1
 * CUSTLOAD_FAULT_ERRNO  with which errno a call fails
 * CUSTLOAD_FAULT_LOG    a file that gets a line for each call that is counted: its kind, its name, its path
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

enum kind { WRITE, SYNC, TRUNCATE, CREATE, MAKE, RENAME, REMOVE, OPEN, READ, LOOK, LOCK };
static const char *const KINDS[] = { "write", "sync", "truncate", "create", "make", "rename", "remove", "open", "read", "look", "lock" };

enum mode { COUNT, ONCE, FROM, FULL, DIE };
/* What becomes of a call. */
enum fate { PASS, FAIL, HALF, END };

static char root[PATH_MAX], cwd[PATH_MAX];
static size_t root_length;
static long kinds, at, count;
static int mode, error, log_fd = -1, ready;

static long number(const char *name)
{
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

/* Whether a path is one of the folder's; made absolute into `into`. */
static int is_ours(const char *path, int folder, char *into)
{
    char start[PATH_MAX] = "";
    if (path[0] != '/') {
        if (folder == AT_FDCWD) {
            strcpy(start, cwd);
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, start, sizeof start - 1);
            if (length < 0)
                return 0;
            start[length] = 0;
        }
        while (path[0] == '.' && path[1] == '/')
            path += 2;
    }
    if (snprintf(into, PATH_MAX, "%s%s%s", start, start[0] && path[0] ? "/" : "", path) >= PATH_MAX)
        return 0;
    return strncmp(into, root, root_length) == 0 && (into[root_length] == '/' || into[root_length] == 0);
}

static void end(void)
{
    syscall(SYS_kill, (long)getpid(), SIGKILL);
    for (;;)
        syscall(SYS_pause);
}

/* Counts a call of a path that is ours. */
static enum fate judge(enum kind kind, const char *call, const char *path)
{
    long now = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
    if (log_fd >= 0) {
        char line[PATH_MAX + 64];
        int length = snprintf(line, sizeof line, "%s %s %s\n", KINDS[kind], call, path + root_length);
        syscall(SYS_write, log_fd, line, (long)length);
    }
    switch (mode) {
    case ONCE:
        return now == at ? FAIL : PASS;
    case FROM:
        return now >= at ? FAIL : PASS;
    case FULL:
        /* A disk that becomes full takes what there is room for, and then no more. */
        return now == at && kind == WRITE ? HALF : now >= at ? FAIL : PASS;
    case DIE:
        if (now == at && kind == WRITE && at % 2)
            return END;
        if (now == at)
            end();
    }
    return PASS;
}

static enum fate judge_path(enum kind kind, const char *call, int folder, const char *path)
{
    char whole[PATH_MAX];
    int saved = errno;
    enum fate fate = PASS;
    if (ready && kinds >> kind & 1 && path && is_ours(path, folder, whole))
        fate = judge(kind, call, whole);
    errno = fate == PASS ? saved : error;
    return fate;
}

static enum fate judge_fd(enum kind kind, const char *call, int fd)
{
    /* An empty path is the folder itself, and here the file. */
    return judge_path(kind, call, fd, "");
}

/* Writes no more than half, where that is what is to be. */
static ssize_t written(enum fate fate, int fd, const void *bytes, size_t length, off_t offset)
{
    if (fate == FAIL)
        return -1;
    if (fate != PASS && length > 1)
        length /= 2;
    ssize_t done = offset < 0 ? syscall(SYS_write, fd, bytes, length) : syscall(SYS_pwrite64, fd, bytes, length, offset);
    if (fate == END)
        end();
    return done;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    return written(judge_fd(WRITE, "write", fd), fd, bytes, length, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    return written(judge_fd(WRITE, "pwrite", fd), fd, bytes, length, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset)
{
    return written(judge_fd(WRITE, "pwrite", fd), fd, bytes, length, offset);
}

ssize_t writev(int fd, const struct iovec *pieces, int number)
{
    enum fate fate = judge_fd(WRITE, "writev", fd);
    if (fate == FAIL)
        return -1;
    ssize_t done = syscall(SYS_writev, fd, pieces, fate == PASS || number < 2 ? number : number / 2);
    if (fate == END)
        end();
    return done;
}

#define CALL(kind, name, fd, ...) return judge_fd(kind, name, fd) == PASS ? syscall(__VA_ARGS__) : -1

int fsync(int fd) { CALL(SYNC, "fsync", fd, SYS_fsync, fd); }
int fdatasync(int fd) { CALL(SYNC, "fdatasync", fd, SYS_fdatasync, fd); }
int ftruncate(int fd, off_t length) { CALL(TRUNCATE, "ftruncate", fd, SYS_ftruncate, fd, length); }
int ftruncate64(int fd, off_t length) { CALL(TRUNCATE, "ftruncate", fd, SYS_ftruncate, fd, length); }
int fallocate(int fd, int how, off_t from, off_t length) { CALL(WRITE, "fallocate", fd, SYS_fallocate, fd, how, from, length); }
int fallocate64(int fd, int how, off_t from, off_t length) { CALL(WRITE, "fallocate", fd, SYS_fallocate, fd, how, from, length); }
ssize_t read(int fd, void *into, size_t length) { CALL(READ, "read", fd, SYS_read, fd, into, length); }
ssize_t pread(int fd, void *into, size_t length, off_t offset) { CALL(READ, "pread", fd, SYS_pread64, fd, into, length, offset); }
ssize_t pread64(int fd, void *into, size_t length, off_t offset) { CALL(READ, "pread", fd, SYS_pread64, fd, into, length, offset); }
ssize_t readv(int fd, const struct iovec *pieces, int number) { CALL(READ, "readv", fd, SYS_readv, fd, pieces, number); }
int flock(int fd, int how) { CALL(LOCK, "flock", fd, SYS_flock, fd, how); }

static int locked(int fd, int what, long argument)
{
    int is_lock = what == F_SETLK || what == F_SETLKW || what == F_GETLK || what == F_OFD_SETLK;
    return is_lock && judge_fd(LOCK, "fcntl", fd) != PASS ? -1 : syscall(SYS_fcntl, fd, what, argument);
}

int fcntl(int fd, int what, ...)
{
    va_list rest;
    va_start(rest, what);
    long argument = va_arg(rest, long);
    va_end(rest);
    return locked(fd, what, argument);
}

int fcntl64(int fd, int what, ...)
{
    va_list rest;
    va_start(rest, what);
    long argument = va_arg(rest, long);
    va_end(rest);
    return locked(fd, what, argument);
}

#undef CALL
#define CALL(kind, name, folder, path, ...) return judge_path(kind, name, folder, path) == PASS ? syscall(__VA_ARGS__) : -1

int rename(const char *from, const char *to) { CALL(RENAME, "rename", AT_FDCWD, from, SYS_renameat, AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int a, const char *from, int b, const char *to) { CALL(RENAME, "rename", a, from, SYS_renameat, a, from, b, to); }
int link(const char *from, const char *to) { CALL(MAKE, "link", AT_FDCWD, to, SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int a, const char *from, int b, const char *to, int how) { CALL(MAKE, "link", b, to, SYS_linkat, a, from, b, to, how); }
int unlink(const char *path) { CALL(REMOVE, "unlink", AT_FDCWD, path, SYS_unlinkat, AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int how) { CALL(REMOVE, "unlink", folder, path, SYS_unlinkat, folder, path, how); }
int rmdir(const char *path) { CALL(REMOVE, "rmdir", AT_FDCWD, path, SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR); }
int mkdir(const char *path, mode_t rights) { CALL(MAKE, "mkdir", AT_FDCWD, path, SYS_mkdirat, AT_FDCWD, path, rights); }
int mkdirat(int folder, const char *path, mode_t rights) { CALL(MAKE, "mkdir", folder, path, SYS_mkdirat, folder, path, rights); }
int truncate(const char *path, off_t length) { CALL(TRUNCATE, "truncate", AT_FDCWD, path, SYS_truncate, path, length); }
int truncate64(const char *path, off_t length) { CALL(TRUNCATE, "truncate", AT_FDCWD, path, SYS_truncate, path, length); }
int access(const char *path, int how) { CALL(LOOK, "access", AT_FDCWD, path, SYS_faccessat, AT_FDCWD, path, how); }
ssize_t readlink(const char *path, char *into, size_t length) { CALL(LOOK, "readlink", AT_FDCWD, path, SYS_readlinkat, AT_FDCWD, path, into, length); }
int statx(int folder, const char *path, int how, unsigned what, struct statx *into) { CALL(LOOK, "statx", folder, path, SYS_statx, folder, path, how, what, into); }

#define STAT(name, type, folder, path, how) \
    static int (*real)(int, const char *, struct type *, int); \
    if (judge_path(LOOK, name, folder, path) != PASS) \
        return -1; \
    if (!real) \
        real = (int (*)(int, const char *, struct type *, int))dlsym(RTLD_NEXT, "fstatat64"); \
    return real(folder, path, into, how)

int stat(const char *path, struct stat *into) { STAT("stat", stat, AT_FDCWD, path, 0); }
int stat64(const char *path, struct stat64 *into) { STAT("stat", stat64, AT_FDCWD, path, 0); }
int lstat(const char *path, struct stat *into) { STAT("lstat", stat, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW); }
int lstat64(const char *path, struct stat64 *into) { STAT("lstat", stat64, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW); }
int fstat(int fd, struct stat *into) { STAT("fstat", stat, fd, "", AT_EMPTY_PATH); }
int fstat64(int fd, struct stat64 *into) { STAT("fstat", stat64, fd, "", AT_EMPTY_PATH); }

static int opened(int folder, const char *path, int flags, mode_t rights)
{
    /* What is there needs no room. */
    int makes = (flags & O_TMPFILE) == O_TMPFILE || (flags & O_CREAT && syscall(SYS_faccessat, folder, path, F_OK) != 0);
    if (judge_path(makes ? CREATE : OPEN, "open", folder, path) != PASS)
        return -1;
    return syscall(SYS_openat, folder, path, flags, rights);
}

#define RIGHTS(last) \
    mode_t rights = 0; \
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) { \
        va_list rest; \
        va_start(rest, last); \
        rights = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) { RIGHTS(flags) return opened(AT_FDCWD, path, flags, rights); }
int open64(const char *path, int flags, ...) { RIGHTS(flags) return opened(AT_FDCWD, path, flags, rights); }
int openat(int folder, const char *path, int flags, ...) { RIGHTS(flags) return opened(folder, path, flags, rights); }
int openat64(int folder, const char *path, int flags, ...) { RIGHTS(flags) return opened(folder, path, flags, rights); }
int creat(const char *path, mode_t rights) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, rights); }

DIR *opendir(const char *path)
{
    static DIR *(*real)(const char *);
    if (judge_path(OPEN, "opendir", AT_FDCWD, path) != PASS)
        return NULL;
    if (!real)
        real = (DIR *(*)(const char *))dlsym(RTLD_NEXT, "opendir");
    return real(path);
}

/* A library may rename by a system call of its own, which no function stands for. The kernel is told to send a signal for
 * it, unless its last argument, which it does not have, says that it comes from here. */
static const long LET_THROUGH = 0x5afe;

static void trapped(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    ucontext_t *c = context;
#if defined(__x86_64__)
    greg_t *g = c->uc_mcontext.gregs;
    long a = g[REG_RDI], b = g[REG_RSI], d = g[REG_RDX], e = g[REG_R10], f = g[REG_R8];
#elif defined(__aarch64__)
    unsigned long long *g = c->uc_mcontext.regs;
    long a = g[0], b = g[1], d = g[2], e = g[3], f = g[4];
#endif
    int saved = errno;
    long done = -error;
    if (judge_path(RENAME, "renameat2", a, (const char *)b) == PASS) {
        done = syscall(SYS_renameat2, a, b, d, e, f, LET_THROUGH);
        done = done < 0 ? -errno : done;
    }
    errno = saved;
#if defined(__x86_64__)
    g[REG_RAX] = done;
#elif defined(__aarch64__)
    g[0] = done;
#endif
}

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#endif

static void trap(void)
{
#ifdef MACHINE
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5afe, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog program = { sizeof filter / sizeof filter[0], filter };
    struct sigaction action = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER };
    /* Where it may not be done, this one call goes uncounted. */
    if (sigaction(SIGSYS, &action, NULL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
#endif
}

__attribute__((constructor)) static void prepare(void)
{
    const char *folder = getenv("CUSTLOAD_FAULT_ROOT"), *log = getenv("CUSTLOAD_FAULT_LOG");
    if (!folder || strlen(folder) >= sizeof root)
        return;
    strcpy(root, folder);
    root_length = strlen(root);
    if (syscall(SYS_getcwd, cwd, sizeof cwd) < 0)
        return;
    kinds = number("CUSTLOAD_FAULT_KINDS");
    mode = number("CUSTLOAD_FAULT_MODE");
    at = number("CUSTLOAD_FAULT_AT");
    error = number("CUSTLOAD_FAULT_ERRNO");
    if (log)
        log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    trap();
    ready = 1;
}
