/* A licence, no documentation. */
#include <linux/fs.h>
#include "near/local.h"
#include MACRO_PATH
#define LIMIT 10 /* object-like: no fact */
#define MAX(a, b, ...) \
	((a) > (b) ? (a) : (b))

/**
 * struct outer - a struct
 * @inner: named by its field
 */
struct outer {
	struct { int x; } inner;
	union { int a; long b; }; // flows into outer
	const unsigned int bits:3, *more;
	int (*cb)(void *data, int n);
	char name[10];
};
typedef struct { int a; } foo_t, *foo_p;
typedef struct tag { int b; } tag, tag_t;
typedef int (*handler_t)(int);
enum color { RED, GREEN = 1 << 2 };
enum { LOOSE = BIT(3) };
static struct { int n; } state;

int printk(const char *fmt, ...);
static void helper(struct outer *o, int);
extern int marked(const char *fmt, ...) __printf(1, 2);
int (*global_hook)(int);

/**
 * Reads. TODO: more
 */
static inline const char *read_it(struct outer *o, char *argv[], void (*fn)(int), ...)
{
	int (*local_fn)(int) = helper_fn;
	int i, n = strlen(argv[0]);

	for (i = 0; i < n && fn; i++) {
		if (o->cb(o, i) || (*local_fn)(i)) {
			goto out;
		} else if (i) {
			continue;
		} else {
			do { n--; } while (n);
		}
	}
#if defined(A) && B(1)
	switch (n) {
	case 1:
	case 2:
		return n ? "a" : "b";
	default:
		break;
	}
#endif
	list_for_each_entry(pos, head, member) {
		visit(pos);
	}
	for_each_x(x)
		visit(x);
	for_each_y(y) {
		visit(y);
	}
out:
	return (helper)(o, 1);
}

#ifdef CONFIG_A
int twin(int a) { return a; }
#else
int twin(int a) { return -a; }
#endif

void __attribute__((noinline, format(printf, 1, 2))) noisy(void) { }
int (*signal(int sig, void (*func)(int)))(int) { return 0; }

SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf, size_t, count)
{
	return ksys_read(fd, buf, count);
}
int nested(void) { int inner(int z) { return z; } return inner(1); }
BPF_CALL_1(bpf_get, u64, index)
{
	return index;
}
__init static int late(void) { return 0; }
EXPORT const char *exported(int x) { return 0; }
static u32 __init early(void) { return 0; }
EXPORT unsigned long sized(void) { return 0; }
unsigned long long int plain(void) { return 0; }
EXPORT DWORD handle(void) { return 0; }
DWORD WINAPI thread(void) { return 0; }
int old_style(a, b, f)
	register const int a;
	char *b;
	int (*f)(int);
{
	return f(a);
}
