//! Names of the standard libraries of C and C++.

/// Headers of C11 (chapter 7), POSIX.1-2017 (Base Definitions, chapter 13) and of the GNU C library beside them; sorted.
#[rustfmt::skip]
const HEADERS: [&str; 163] = [
    "aio.h", "alloca.h", "argp.h", "arpa/inet.h", "assert.h", "byteswap.h", "complex.h", "cpio.h",
    "ctype.h", "dirent.h", "dlfcn.h", "elf.h", "endian.h", "err.h", "errno.h", "error.h", "execinfo.h",
    "fcntl.h", "features.h", "fenv.h", "float.h", "fmtmsg.h", "fnmatch.h", "fts.h", "ftw.h", "getopt.h",
    "glob.h", "grp.h", "iconv.h", "ifaddrs.h", "inttypes.h", "iso646.h", "langinfo.h", "libgen.h",
    "limits.h", "link.h", "locale.h", "malloc.h", "math.h", "memory.h", "mntent.h", "monetary.h",
    "mqueue.h", "ndbm.h", "net/ethernet.h", "net/if.h", "net/route.h", "netdb.h", "netinet/ether.h",
    "netinet/icmp6.h", "netinet/if_ether.h", "netinet/in.h", "netinet/ip.h", "netinet/ip6.h",
    "netinet/ip_icmp.h", "netinet/tcp.h", "netinet/udp.h", "netpacket/packet.h", "nl_types.h", "obstack.h",
    "paths.h", "poll.h", "printf.h", "pthread.h", "pty.h", "pwd.h", "regex.h", "resolv.h", "sched.h",
    "search.h", "semaphore.h", "setjmp.h", "shadow.h", "signal.h", "spawn.h", "stdalign.h", "stdarg.h",
    "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdio_ext.h", "stdlib.h",
    "stdnoreturn.h", "string.h", "strings.h", "stropts.h", "sys/auxv.h", "sys/cdefs.h", "sys/epoll.h",
    "sys/eventfd.h", "sys/file.h", "sys/fsuid.h", "sys/inotify.h", "sys/io.h", "sys/ioctl.h", "sys/ipc.h",
    "sys/mman.h", "sys/mount.h", "sys/msg.h", "sys/param.h", "sys/personality.h", "sys/poll.h",
    "sys/prctl.h", "sys/ptrace.h", "sys/queue.h", "sys/random.h", "sys/reboot.h", "sys/reg.h",
    "sys/resource.h", "sys/select.h", "sys/sem.h", "sys/sendfile.h", "sys/shm.h", "sys/signalfd.h",
    "sys/socket.h", "sys/stat.h", "sys/statfs.h", "sys/statvfs.h", "sys/swap.h", "sys/syscall.h",
    "sys/sysinfo.h", "sys/syslog.h", "sys/sysmacros.h", "sys/termios.h", "sys/time.h", "sys/timerfd.h",
    "sys/times.h", "sys/timex.h", "sys/ttydefaults.h", "sys/types.h", "sys/ucontext.h", "sys/uio.h",
    "sys/un.h", "sys/user.h", "sys/utsname.h", "sys/vfs.h", "sys/wait.h", "sys/xattr.h", "syscall.h",
    "sysexits.h", "syslog.h", "tar.h", "termio.h", "termios.h", "tgmath.h", "threads.h", "time.h",
    "trace.h", "uchar.h", "ucontext.h", "ulimit.h", "unistd.h", "utime.h", "utmp.h", "utmpx.h", "values.h",
    "wait.h", "wchar.h", "wctype.h", "wordexp.h", "xlocale.h",
];

/// Headers of C++23 (ISO/IEC 14882:2023, [headers]) without those of C; sorted.
#[rustfmt::skip]
const CPP_HEADERS: [&str; 99] = [
    "algorithm", "any", "array", "atomic", "barrier", "bit", "bitset", "cassert", "cctype", "cerrno",
    "cfenv", "cfloat", "charconv", "chrono", "cinttypes", "climits", "clocale", "cmath", "codecvt",
    "compare", "complex", "concepts", "condition_variable", "coroutine", "csetjmp", "csignal", "cstdarg",
    "cstddef", "cstdint", "cstdio", "cstdlib", "cstring", "ctime", "cuchar", "cwchar", "cwctype", "deque",
    "exception", "execution", "expected", "filesystem", "format", "forward_list", "fstream", "functional",
    "future", "initializer_list", "iomanip", "ios", "iosfwd", "iostream", "istream", "iterator", "latch",
    "limits", "list", "locale", "map", "memory", "memory_resource", "mutex", "new", "numbers", "numeric",
    "optional", "ostream", "queue", "random", "ranges", "ratio", "regex", "scoped_allocator", "semaphore",
    "set", "shared_mutex", "source_location", "span", "sstream", "stack", "stdexcept", "stop_token",
    "streambuf", "string", "string_view", "strstream", "syncstream", "system_error", "thread", "tuple",
    "type_traits", "typeindex", "typeinfo", "unordered_map", "unordered_set", "utility", "valarray",
    "variant", "vector", "version",
];

/// Functions and macros of C11 and POSIX.1-2017 that programs call most; sorted.
#[rustfmt::skip]
const FUNCTIONS: [&str; 336] = [
    "abort", "abs", "accept", "access", "acos", "alarm", "asctime", "asin", "asprintf", "assert", "atan",
    "atan2", "atexit", "atof", "atoi", "atol", "atoll", "bind", "bsearch", "calloc", "ceil", "chdir",
    "chmod", "chown", "clearerr", "clock", "clock_gettime", "close", "closedir", "connect", "cos", "cosh",
    "creat", "ctime", "difftime", "div", "dlclose", "dlerror", "dlopen", "dlsym", "dprintf", "dup", "dup2",
    "err", "errx", "execl", "execlp", "execv", "execve", "execvp", "exit", "exp", "fabs", "fclose", "fcntl",
    "fdopen", "feof", "ferror", "fflush", "fgetc", "fgetpos", "fgets", "fileno", "floor", "fmod", "fopen",
    "fork", "fprintf", "fputc", "fputs", "fread", "free", "freeaddrinfo", "freopen", "frexp", "fscanf",
    "fseek", "fseeko", "fsetpos", "fstat", "fsync", "ftell", "ftello", "ftruncate", "fwrite",
    "gai_strerror", "getaddrinfo", "getc", "getchar", "getcwd", "getdelim", "getegid", "getenv", "geteuid",
    "getgid", "gethostbyname", "gethostname", "getline", "getopt", "getopt_long", "getpagesize",
    "getpeername", "getpid", "getppid", "getpwnam", "getpwuid", "getrlimit", "getsockname", "getsockopt",
    "gettimeofday", "getuid", "gmtime", "gmtime_r", "htonl", "htons", "inet_addr", "inet_ntoa", "inet_ntop",
    "inet_pton", "ioctl", "isalnum", "isalpha", "isatty", "iscntrl", "isdigit", "isgraph", "islower",
    "isprint", "ispunct", "isspace", "isupper", "isxdigit", "kill", "labs", "ldexp", "link", "listen",
    "localtime", "localtime_r", "log", "log10", "longjmp", "lseek", "lstat", "malloc", "mbstowcs", "memchr",
    "memcmp", "memcpy", "memmem", "memmove", "memset", "mkdir", "mkdtemp", "mkstemp", "mktime", "mlock",
    "mmap", "modf", "mprotect", "munmap", "nanosleep", "ntohl", "ntohs", "open", "opendir", "openlog",
    "pause", "pclose", "perror", "pipe", "poll", "popen", "posix_memalign", "pow", "pread", "printf",
    "pthread_cond_broadcast", "pthread_cond_destroy", "pthread_cond_init", "pthread_cond_signal",
    "pthread_cond_timedwait", "pthread_cond_wait", "pthread_create", "pthread_detach", "pthread_equal",
    "pthread_exit", "pthread_getspecific", "pthread_join", "pthread_key_create", "pthread_mutex_destroy",
    "pthread_mutex_init", "pthread_mutex_lock", "pthread_mutex_trylock", "pthread_mutex_unlock",
    "pthread_once", "pthread_self", "pthread_setspecific", "putc", "putchar", "putenv", "puts", "pwrite",
    "qsort", "raise", "rand", "random", "read", "readdir", "readlink", "readv", "realloc", "reallocarray",
    "realpath", "recv", "recvfrom", "recvmsg", "remove", "rename", "rewind", "rmdir", "scanf",
    "sched_yield", "select", "sem_destroy", "sem_init", "sem_post", "sem_wait", "send", "sendmsg", "sendto",
    "setbuf", "setenv", "setjmp", "setlocale", "setrlimit", "setsid", "setsockopt", "setuid", "setvbuf",
    "shutdown", "sigaction", "sigaddset", "sigemptyset", "sigfillset", "siglongjmp", "signal",
    "sigprocmask", "sigsetjmp", "sin", "sinh", "sleep", "snprintf", "socket", "socketpair", "sprintf",
    "sqrt", "srand", "srandom", "sscanf", "stat", "strcasecmp", "strcat", "strchr", "strcmp", "strcoll",
    "strcpy", "strcspn", "strdup", "strerror", "strerror_r", "strftime", "strlen", "strncasecmp", "strncat",
    "strncmp", "strncpy", "strndup", "strnlen", "strpbrk", "strrchr", "strsep", "strsignal", "strspn",
    "strstr", "strtod", "strtof", "strtok", "strtok_r", "strtol", "strtold", "strtoll", "strtoul",
    "strtoull", "strxfrm", "symlink", "sync", "sysconf", "syslog", "system", "tan", "tanh", "tcgetattr",
    "tcsetattr", "time", "tmpfile", "tmpnam", "tolower", "toupper", "truncate", "umask", "uname", "ungetc",
    "unlink", "unsetenv", "usleep", "utime", "va_arg", "va_copy", "va_end", "va_start", "vasprintf",
    "vfprintf", "vprintf", "vsnprintf", "vsprintf", "wait", "waitpid", "warn", "warnx", "wcscmp", "wcscpy",
    "wcslen", "wcstombs", "write", "writev",
];

/// Whether a header, written as in `#include`, belongs to a standard library.
pub(in crate::link) fn is_header(header: &str) -> bool {
    HEADERS.binary_search(&header).is_ok() || CPP_HEADERS.binary_search(&header).is_ok()
}

/// Whether a function or macro belongs to the C library.
pub(in crate::link) fn is_function(name: &str) -> bool {
    FUNCTIONS.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(HEADERS.is_sorted() && CPP_HEADERS.is_sorted() && FUNCTIONS.is_sorted());
        assert!(
            is_header("stdio.h") && is_header("sys/socket.h") && is_header("vector") && !is_header("zlib.h")
        );
        assert!(is_function("memcpy") && !is_function("kmalloc"));
    }
}
