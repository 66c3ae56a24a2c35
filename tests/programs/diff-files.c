// SPDX-License-Identifier: MIT
/* Files and directories: what is made, what it holds then, and how bad arguments are refused. */
#include "diff.h"

#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <time.h>
#include <utime.h>

static char text[8 * PAGE];

/* What stat() tells that does not change from run to run. */
static void see_stat(const struct stat *st)
{
	SEE("mode %o, links %lu, size %ld, blocks %ld, uid %u, gid %u, atime %ld, mtime %ld.%09ld",
	    st->st_mode, (unsigned long)st->st_nlink, S_ISDIR(st->st_mode) ? 0 : (long)st->st_size,
	    (long)st->st_blocks, st->st_uid, st->st_gid,
	    st->st_atime < 100000 ? (long)st->st_atime : -1,
	    st->st_mtime < 100000 ? (long)st->st_mtime : -1,
	    st->st_mtime < 100000 ? st->st_mtim.tv_nsec : -1);
}

static void opening(void)
{
	static const struct {
		const char *words;
		int flags;
	} ways[] = {
		{ "read", O_RDONLY },
		{ "write", O_WRONLY },
		{ "both", O_RDWR },
		{ "access mode 3", 3 },
		{ "create, exclusively", O_CREAT | O_EXCL | O_WRONLY },
		{ "directory", O_DIRECTORY },
		{ "directory, create", O_DIRECTORY | O_CREAT },
		{ "path", O_PATH },
		{ "no link", O_NOFOLLOW },
		{ "temporary", O_TMPFILE | O_RDWR },
		{ "truncate", O_TRUNC | O_WRONLY },
		{ "append", O_APPEND | O_WRONLY },
		{ "direct", O_DIRECT | O_RDWR },
		{ "unknown bits", 0x70000000 },
	};
	static const char *const names[] = { "file", "absent",	 "directory",
					     "link", "dangling", "loop",
					     "fifo", "file/",	 "directory/../file",
					     "." };
	struct open_how how = { .flags = O_RDWR | O_CREAT, .mode = 0640 };
	unsigned int i, k;
	long fd;

	group("opening files");
	fd = CALL(open, "a new file", "file", O_RDWR | O_CREAT, 0666);
	close(fd);
	CALL(mkdir, "a directory", "directory", 0777);
	CALL(symlink, "to the file", "file", "link");
	CALL(symlink, "to nothing", "nothing/there", "dangling");
	CALL(symlink, "to itself", "loop", "loop");
	CALL(mknod, "a fifo", "fifo", S_IFIFO | 0644, 0);
	CALL(mknod, "a file", "node", S_IFREG | 0600, 0);
	CALL(mknod, "of no kind", "node2", 0170000, 0);
	CALL(mknodat, "a socket", AT_FDCWD, "socket", S_IFSOCK | 0600, 0);
	CALL(open, "a socket", "socket", O_RDWR);
	for (i = 0; i < COUNT(names); i++) {
		for (k = 0; k < COUNT(ways); k++) {
			printf("open %s, %s: ", names[i], ways[k].words);
			fd = RAW(SYS_open, names[i], ways[k].flags | O_NONBLOCK, 0600);
			diff_result(fd, 0);
			if (fd >= 0)
				close(fd);
		}
	}
	unlink("absent");
	CALL(openat, "a descriptor that is no directory", 0, "file", O_RDONLY);
	CALL(openat, "a bad descriptor", 999, "file", O_RDONLY);
	CALL(openat, "a name too long", AT_FDCWD, memset(calloc(1, 300), 'n', 299), O_RDONLY);
	CALL(openat, "a path too long", AT_FDCWD, memset(calloc(1, 5000), '/', 4999), O_RDONLY);
	fd = CALL(openat2, "a new file", AT_FDCWD, "second", &how, sizeof(how));
	close(fd);
	how.resolve = RESOLVE_NO_SYMLINKS;
	CALL(openat2, "no symbolic links", AT_FDCWD, "link", &how, sizeof(how));
	how.resolve = 1 << 20;
	CALL(openat2, "unknown resolution", AT_FDCWD, "file", &how, sizeof(how));
	CALL(openat2, "too small", AT_FDCWD, "file", &how, 8);
	CALL(openat2, "too large", AT_FDCWD, "file", text, PAGE);
	fd = CALL(creat, "a file", "third", 0604);
	see_file(fd);
	CALL(close, "it", fd);
	CALL(close, "it again", fd);
	CALL(close, "-1", -1);
	fd = CALL(memfd_create, "a name", "memory", 1);
	CALL(ftruncate, "it", fd, 100);
	see_file(fd);
	close(fd);
	CALL(memfd_create, "bad flags", "memory", 0x80);
}

static void reading_and_writing(void)
{
	struct iovec iov[3] = { { text, 100 }, { text + 5000, 3000 }, { text + 100, 0 } };
	struct iovec negative = { text, -1ul },
		     two[2] = { { text, 1ul << 62 }, { text, 1ul << 62 } };
	char out[5000];
	long fd = CALL(open, "a new file", "data", O_RDWR | O_CREAT | O_TRUNC, 0644), other;

	group("reading and writing");
	fill(text, sizeof(text), 1);
	CALL(write, "8 pages", fd, text, sizeof(text));
	CALL(write, "nothing", fd, text, 0);
	see_file(fd);
	CALL(lseek, "to 10", fd, 10, SEEK_SET);
	CALL(lseek, "back", fd, -11, SEEK_CUR);
	CALL(lseek, "from the end", fd, -5, SEEK_END);
	CALL(read, "over the end", fd, out, 100);
	SEE("%08x", digest(out, 5));
	CALL(read, "at the end", fd, out, 100);
	CALL(lseek, "bad origin", fd, 0, 9);
	CALL(lseek, "far", fd, 1ul << 62, SEEK_SET);
	CALL(lseek, "too far", fd, -1ul, SEEK_SET);
	CALL(lseek, "data", fd, 0, SEEK_DATA);
	CALL(lseek, "hole", fd, 0, SEEK_HOLE);
	CALL(pread64, "at 4000", fd, out, 200, 4000);
	SEE("%08x", digest(out, 200));
	CALL(pread64, "at a negative offset", fd, out, 200, -1);
	CALL(pwrite64, "behind the end", fd, text, 10, 50000);
	CALL(pwrite64, "at a negative offset", fd, text, 10, -5000);
	CALL(pwrite64, "too far", fd, text, 10, 0x7ffffffffffffff0);
	see_file(fd);
	CALL(lseek, "to the begin", fd, 0, SEEK_SET);
	CALL(writev, "three parts", fd, iov, 3);
	CALL(writev, "no parts", fd, iov, 0);
	CALL(writev, "minus one parts", fd, iov, -1);
	CALL(writev, "1025 parts", fd, iov, 1025);
	CALL(writev, "a negative length", fd, &negative, 1);
	CALL(readv, "lengths too large", fd, two, 2);
	CALL(readv, "three parts", fd, iov, 3);
	CALL(preadv, "three parts at 1", fd, iov, 3, 1, 0);
	CALL(pwritev, "three parts at 1", fd, iov, 3, 1, 0);
	CALL(preadv, "a negative offset", fd, iov, 3, -1, 0);
	CALL(preadv2, "the file's offset", fd, iov, 3, -1, 0, 0);
	CALL(preadv2, "unknown flags", fd, iov, 3, 0, 0, 1 << 30);
	CALL(pwritev2, "append", fd, iov, 2, 0, 0, 0x10);
	CALL(pwritev2, "unknown flags", fd, iov, 2, 0, 0, 1 << 30);
	see_file(fd);
	CALL(read, "a length over 2^63", fd, out, 1ul << 63);
	CALL(write, "a length over 2^63", fd, text, -1ul);
	CALL(truncate, "by name", "data", 6000);
	CALL(ftruncate, "longer", fd, 7000);
	CALL(ftruncate, "negative", fd, -1);
	CALL(truncate, "a directory", "directory", 0);
	CALL(fallocate, "a range", fd, 0, 8000, 1000);
	CALL(fallocate, "keep the size", fd, 1, 20000, 1000);
	CALL(fallocate, "punch", fd, 3, 0, PAGE);
	CALL(fallocate, "nothing", fd, 0, 0, 0);
	CALL(fallocate, "unknown mode", fd, 1 << 20, 0, 10);
	see_file(fd);
	CALL(fsync, "a file", fd);
	CALL(fdatasync, "a file", fd);
	CALL(sync, "all");
	CALL(syncfs, "a file", fd);
	CALL(sync_file_range, "all", fd, 0, 0, 7);
	CALL(sync_file_range, "unknown flags", fd, 0, 0, 64);
	CALL(fadvise64, "random", fd, 0, 0, 1);
	CALL(fadvise64, "unknown", fd, 0, 0, 77);
	CALL(readahead, "a file", fd, 0, PAGE);
	other = CALL(open, "append", "data", O_WRONLY | O_APPEND);
	CALL(pwrite64, "to append, at 0", other, "tail", 4, 0);
	CALL(read, "write-only", other, out, 1);
	see_file(fd);
	CALL(copy_file_range, "within", fd, &(long){ 0 }, other, NULL, 10, 0);
	CALL(copy_file_range, "to itself", fd, &(long){ 0 }, fd, &(long){ 2000 }, 10, 0);
	CALL(copy_file_range, "overlapping", fd, &(long){ 0 }, fd, &(long){ 2 }, 10, 0);
	CALL(copy_file_range, "flags", fd, &(long){ 0 }, fd, &(long){ 2000 }, 10, 1);
	see_file(fd);
	close(other);
	other = open("data", O_RDONLY);
	CALL(write, "read-only", other, text, 10);
	CALL(ftruncate, "read-only", other, 10);
	CALL(ioctl, "bytes to read", other, FIONREAD, out);
	CALL(ioctl, "of a terminal", other, TCGETS, out);
	CALL(ioctl, "unknown", other, 0xdeadbeef, out);
	CALL(flock, "shared", other, 1);
	CALL(flock, "exclusive, another has it", fd, 2 | 4);
	CALL(flock, "unlock", other, 8);
	CALL(flock, "unknown", other, 77);
	close(other);
	CALL(close, "the file", fd);
}

static void names(void)
{
	char buffer[512];
	struct stat st;
	long dir;

	group("names");
	close(open("a", O_CREAT | O_WRONLY, 0600));
	CALL(link, "a second name", "a", "b");
	CALL(link, "a directory", "directory", "d2");
	CALL(link, "over another", "a", "b");
	CALL(linkat, "unknown flags", AT_FDCWD, "a", AT_FDCWD, "c", 1);
	CALL(linkat, "through a link", AT_FDCWD, "link", AT_FDCWD, "c", AT_SYMLINK_FOLLOW);
	CALL(rename, "to itself", "a", "a");
	CALL(rename, "same file", "a", "b");
	CALL(rename, "a directory into itself", "directory", "directory/x");
	CALL(rename, "a file over a directory", "a", "directory");
	CALL(rename, "a directory over a file", "directory", "a");
	CALL(renameat, "a bad descriptor", 999, "a", AT_FDCWD, "b");
	CALL(renameat2, "no replacement", AT_FDCWD, "a", AT_FDCWD, "c", 1);
	CALL(renameat2, "exchange", AT_FDCWD, "a", AT_FDCWD, "c", 2);
	CALL(renameat2, "both", AT_FDCWD, "a", AT_FDCWD, "c", 3);
	CALL(mkdir, "again", "directory", 0700);
	CALL(mkdir, "no parent", "x/y/z", 0700);
	CALL(mkdirat, "with odd modes", AT_FDCWD, "sticky", 07777);
	stat("sticky", &st);
	see_stat(&st);
	CALL(mkdir, "in it", "sticky/in", 0700);
	CALL(rmdir, "not empty", "sticky");
	CALL(rmdir, "dot", "sticky/.");
	CALL(rmdir, "a file", "a");
	CALL(unlink, "a directory", "sticky");
	CALL(unlinkat, "a directory", AT_FDCWD, "sticky/in", AT_REMOVEDIR);
	CALL(unlinkat, "unknown flags", AT_FDCWD, "sticky", 1);
	CALL(rmdir, "empty", "sticky");
	CALL(unlink, "absent", "sticky");
	CALL(symlink, "an empty target", "", "s");
	CALL(symlinkat, "a target", "some/where", AT_FDCWD, "s");
	memset(buffer, '.', sizeof(buffer));
	CALL(readlink, "it", "s", buffer, sizeof(buffer));
	SEE("%.12s", buffer);
	CALL(readlink, "into 4 bytes", "s", buffer, 4);
	CALL(readlink, "into none", "s", buffer, 0);
	CALL(readlink, "into minus one", "s", buffer, -1);
	CALL(readlink, "no link", "a", buffer, 10);
	CALL(readlinkat, "a bad descriptor", 999, "s", buffer, 10);
	dir = CALL(open, "a directory", "directory", O_RDONLY | O_DIRECTORY);
	HIDE(chdir, "into it", "directory");
	CALL(getcwd, "into 4 bytes", buffer, 4);
	CALL(getcwd, "into none", buffer, 0);
	if (CALL(getcwd, "it", buffer, sizeof(buffer)) > 0)
		SEE("%s", strrchr(buffer, '/'));
	CALL(chdir, "up", "..");
	CALL(chdir, "a file", "a");
	CALL(fchdir, "in", dir);
	CALL(fchdir, "no directory", 0);
	CALL(chdir, "up", "..");
	CALL(getdents64, "an empty directory", dir, buffer, sizeof(buffer));
	CALL(getdents64, "its end", dir, buffer, sizeof(buffer));
	CALL(lseek, "its begin", dir, 0, SEEK_SET);
	CALL(getdents, "the old form", dir, buffer, sizeof(buffer));
	CALL(lseek, "its begin", dir, 0, SEEK_SET);
	CALL(getdents64, "no room", dir, buffer, 8);
	CALL(getdents64, "a file", 0, buffer, 8);
	close(dir);
	CALL(chroot, "absent", "absent");
	CALL(umask, "077", 077);
	CALL(umask, "back", 022);
	CALL(umask, "more bits than there are", 0x12312 | 022);
	CALL(umask, "and back", 022);
}

static void attributes(void)
{
	struct timespec times[2] = { { 1000, 5 }, { 2000, 999999999 } };
	struct timespec odd[2] = { { 1, UTIME_NOW }, { 1, UTIME_OMIT } },
			bad[2] = { { 1, -1 }, { 1, 1 } };
	struct timeval tv[2] = { { 3000, 1 }, { 4000, 999999 } },
		       badtv[2] = { { 1, 1000000 }, { 1, 0 } };
	struct utimbuf old = { 5000, 6000 };
	struct statx stx;
	struct statfs fs;
	struct stat st;
	char value[64];
	long fd = CALL(open, "a new file", "attributes", O_RDWR | O_CREAT, 0644);

	group("attributes of files");
	CALL(chmod, "set-id", "attributes", 06711);
	CALL(fchmod, "bits beyond", fd, 0xffff0600);
	CALL(fchmod, "a bad descriptor", 999, 0600);
	CALL(fchmodat, "a link", AT_FDCWD, "dangling", 0600);
	CALL(chown, "somebody", "attributes", 1000, 1001);
	CALL(fchown, "keep the user", fd, -1, 7);
	CALL(lchown, "a link", "dangling", 3, 4);
	CALL(fchownat, "empty path", fd, "", 8, 9, AT_EMPTY_PATH);
	CALL(fchownat, "unknown flags", fd, "", 8, 9, 1 << 30);
	CALL(utimensat, "two times", AT_FDCWD, "attributes", times, 0);
	CALL(stat, "it", "attributes", &st);
	see_stat(&st);
	CALL(utimensat, "now and omitted", AT_FDCWD, "attributes", odd, 0);
	CALL(utimensat, "bad nanoseconds", AT_FDCWD, "attributes", bad, 0);
	CALL(utimensat, "unknown flags", AT_FDCWD, "attributes", times, 1 << 30);
	CALL(utimensat, "by descriptor", fd, NULL, times, 0);
	CALL(utimes, "two times", "attributes", tv);
	CALL(fstat, "it", fd, &st);
	see_stat(&st);
	CALL(utimes, "bad microseconds", "attributes", badtv);
	CALL(futimesat, "two times", AT_FDCWD, "attributes", tv);
	CALL(utime, "two times", "attributes", &old);
	CALL(lstat, "it", "attributes", &st);
	see_stat(&st);
	CALL(lstat, "a link", "dangling", &st);
	SEE("%o, %ld, %u, %u", st.st_mode, (long)st.st_size, st.st_uid, st.st_gid);
	CALL(newfstatat, "empty path", fd, "", &st, AT_EMPTY_PATH);
	see_stat(&st);
	CALL(newfstatat, "an empty path that is none", fd, "", &st, 0);
	CALL(newfstatat, "unknown flags", AT_FDCWD, "attributes", &st, 1 << 30);
	memset(&stx, 0, sizeof(stx));
	CALL(statx, "it", AT_FDCWD, "attributes", 0, STATX_BASIC_STATS, &stx);
	SEE("mask %x, mode %o, size %lld, mtime %lld", stx.stx_mask & STATX_BASIC_STATS,
	    stx.stx_mode, (long long)stx.stx_size, (long long)stx.stx_mtime.tv_sec);
	CALL(statx, "reserved bit", AT_FDCWD, "attributes", 0, 1u << 31, &stx);
	CALL(statx, "both ways of synchronising", AT_FDCWD, "attributes", 0x6000, 0, &stx);
	CALL(access, "all", "attributes", 7);
	CALL(access, "unknown", "attributes", 64);
	CALL(faccessat, "read", AT_FDCWD, "attributes", 4);
	CALL(faccessat2, "effective", AT_FDCWD, "attributes", 4, AT_EACCESS);
	CALL(faccessat2, "unknown flags", AT_FDCWD, "attributes", 4, 1 << 30);
	CALL(statfs, "here", ".", &fs);
	SEE("type %lx, block %ld, names %ld", (long)fs.f_type, (long)fs.f_bsize,
	    (long)fs.f_namelen);
	CALL(fstatfs, "here", fd, &fs);
	CALL(ustat, "no device", 0, value);

	CALL(setxattr, "a value", "attributes", "trusted.one", "12345", 5, 0);
	CALL(setxattr, "again, as new", "attributes", "trusted.one", "1", 1, XATTR_CREATE);
	CALL(setxattr, "another, as old", "attributes", "trusted.two", "1", 1, XATTR_REPLACE);
	CALL(setxattr, "unknown flags", "attributes", "trusted.two", "1", 1, 8);
	CALL(setxattr, "too large", "attributes", "trusted.two", text, 1 << 20, 0);
	CALL(fsetxattr, "empty", fd, "trusted.two", "", 0, 0);
	CALL(lsetxattr, "no name space", "attributes", "none.two", "1", 1, 0);
	CALL(getxattr, "size", "attributes", "trusted.one", NULL, 0);
	CALL(getxattr, "no room", "attributes", "trusted.one", value, 2);
	CALL(fgetxattr, "it", fd, "trusted.one", value, sizeof(value));
	SEE("%.5s", value);
	CALL(lgetxattr, "absent", "attributes", "trusted.three", value, sizeof(value));
	CALL(listxattr, "size", "attributes", NULL, 0);
	CALL(llistxattr, "no room", "attributes", value, 2);
	CALL(flistxattr, "all", fd, value, sizeof(value));
	CALL(removexattr, "one", "attributes", "trusted.one");
	CALL(lremovexattr, "again", "attributes", "trusted.one");
	CALL(fremovexattr, "the other", fd, "trusted.two");
	CALL(flistxattr, "none", fd, value, sizeof(value));
	close(fd);
}

int main(int argc, char **argv)
{
	diff_start(argc, argv);
	opening();
	reading_and_writing();
	names();
	attributes();
	return diff_end();
}
