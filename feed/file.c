// A log file as a source: read as it grows, through rotations and restarts.
#include "feed/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "feed/io.h"

// A file under another name with another inode is taken for the one of the mark only if this much is alike.
enum { PREFIX_SURE = 64 };

static lq_file *file_of(lq_source *s)
{
  return (lq_file *)(void *)s;
}

static void close_file(lq_source *s)
{
  lq_file *f = file_of(s);
  if (f->fd >= 0)
    f->host->os->close(f->fd);
  f->fd = -1;
  s->is_open = false;
}

static void use(lq_file *f, int fd)
{
  f->fd = fd;
  f->source.is_open = true;
}

// ---- identity

// The n bytes at the file's start. A file that is shorter: 0; -1 and errno.
static int read_start(const lq_os_calls *os, int fd, char *p, size_t n)
{
  size_t got = 0;
  while (got < n) {
    ssize_t more = os->pread(fd, p + got, n - got, (off_t)got);
    if (more < 0 && errno == EINTR)
      continue;
    if (more <= 0)
      return (int)more;
    got += (size_t)more;
  }
  return 1;
}

// 1 yes, 0 no, -1 and errno: that cannot be said, and to take it for a no would read a file twice.
static int begins_alike(const lq_os_calls *os, int fd, const lq_identity *id)
{
  char start[LQ_PREFIX_MAX];
  unsigned char digest[LQ_SEAL_DIGEST];
  if (id->prefix == 0)
    return 1;
  int got = read_start(os, fd, start, id->prefix);
  if (got <= 0)
    return got;
  lq_digest(digest, start, id->prefix);
  return memcmp(digest, id->digest, LQ_SEAL_DIGEST) == 0;
}

static void note_place(lq_file *f, const struct stat *st)
{
  f->source.mark->file.dev = (uint64_t)st->st_dev;
  f->source.mark->file.ino = (uint64_t)st->st_ino;
}

// The more was read, the surer the identity.
static void note_start(lq_file *f)
{
  lq_identity *id = &f->source.mark->file;
  char start[LQ_PREFIX_MAX];
  size_t want = f->read < LQ_PREFIX_MAX ? (size_t)f->read : LQ_PREFIX_MAX;
  if (!f->source.seekable || f->once || want <= id->prefix ||
      read_start(f->host->os, f->fd, start, want) <= 0)
    return;
  id->prefix = (uint32_t)want;
  lq_digest(id->digest, start, want);
}

static bool is_place(const struct stat *st, const lq_identity *id)
{
  return (uint64_t)st->st_dev == id->dev && (uint64_t)st->st_ino == id->ino;
}

static int64_t change_of(const struct stat *st)
{
  return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

// ---- finding a file that was renamed or copied

// Like begins_alike.
static int may_be(const lq_os_calls *os, int fd, const lq_mark *m, bool named_alike)
{
  struct stat st;
  if (os->fstat(fd, &st) != 0)
    return -1;
  if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size < lq_mark_offset(m))
    return 0;
  bool candidate = is_place(&st, &m->file) || (named_alike && m->file.prefix >= PREFIX_SURE);
  return candidate ? begins_alike(os, fd, &m->file) : 0;
}

// Opens it if it is the one; else -1, and an error that leaves it unsaid goes to *error.
static int try_entry(const lq_file *f, const char *folder, const char *name, bool named_alike, int *error)
{
  const lq_os_calls *os = f->host->os;
  char *path = lq_name_printf(f->host->mem, "%s/%s", folder, name);
  if (!path) {
    *error = ENOMEM;
    return -1;
  }
  // O_NONBLOCK: a pipe in the folder must not make us wait.
  int fd = os->open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0);
  lq_name_free(f->host->mem, path);
  if (fd < 0) {
    *error = errno == ENOENT || errno == ELOOP || errno == EACCES ? *error : errno;
    return -1;
  }
  int is = may_be(os, fd, f->source.mark, named_alike);
  if (is > 0)
    return fd;
  *error = is < 0 ? errno : *error;
  os->close(fd);
  return -1;
}

static int search(const lq_file *f, const char *folder, const char *base, bool by_name)
{
  DIR *dir = opendir(folder);
  int fd = -1, error = dir ? ENOENT : errno;
  for (struct dirent *e = dir ? readdir(dir) : NULL; e && fd < 0; e = readdir(dir)) {
    bool alike = by_name && strncmp(e->d_name, base, strlen(base)) == 0;
    bool same_inode = (uint64_t)e->d_ino == f->source.mark->file.ino;
    if ((alike || same_inode) && strcmp(e->d_name, base) != 0)
      fd = try_entry(f, folder, e->d_name, alike, &error);
  }
  if (dir)
    closedir(dir);
  errno = error;
  return fd;
}

// In the same folder: `app.log.1`, `app.log-20240501`, by its name and how it begins or by its inode. -1 and
// errno; ENOENT: not there.
static int find_elsewhere(const lq_file *f, bool by_name)
{
  const char *name = f->source.mark->name, *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
  const lq_mem *mem = f->host->mem;
  char *folder = slash ? lq_name_copy(mem, name, (size_t)(slash - name) + 1) : lq_name_copy(mem, ".", 1);
  if (!folder) {
    errno = ENOMEM;
    return -1;
  }
  int fd = search(f, folder, base, by_name), error = errno;
  lq_name_free(mem, folder);
  errno = error;
  return fd;
}

static bool find(lq_file *f, bool by_name)
{
  struct stat st;
  int fd = find_elsewhere(f, by_name);
  if (fd < 0)
    return false;
  if (f->host->os->fstat(fd, &st) != 0) {
    int error = errno;
    f->host->os->close(fd);
    errno = error;
    return false;
  }
  close_file(&f->source);
  use(f, fd);
  f->quiet = 0;
  note_place(f, &st);
  return true;
}

static bool find_copy(lq_source *s)
{
  return find(file_of(s), true);
}

// ---- opening

static bool was_read(const lq_mark *m)
{
  return m->file.ino != 0;
}

static void next_file(lq_source *s)
{
  lq_file *f = file_of(s);
  lq_position_follow(&s->mark->at, &s->mark->at);
  s->mark->file = (lq_identity){0};
  f->read = f->size = 0;
  f->quiet = 0;
  f->changed = 0;
}

static lq_source_begin begin_new(lq_file *f, const struct stat *st)
{
  lq_mark *m = f->source.mark;
  lq_source_begin how = was_read(m) ? LQ_SOURCE_LOST : LQ_SOURCE_NEW;
  // After a position inside a file, the lines that follow have the numbers that follow.
  if (was_read(m))
    next_file(&f->source);
  note_place(f, st);
  return how;
}

static lq_source_begin fail_open(lq_file *f)
{
  int error = errno;
  close_file(&f->source);
  errno = error;
  return LQ_SOURCE_FAILED;
}

// It is open on what has the name now.
static lq_source_begin compare(lq_file *f, const struct stat *st)
{
  lq_mark *m = f->source.mark;
  if (!f->source.seekable || f->once || !was_read(m))
    return begin_new(f, st);
  int known = m->file.prefix > 0 ? begins_alike(f->host->os, f->fd, &m->file) : is_place(st, &m->file);
  if (known < 0)
    return fail_open(f);
  // Many logs begin alike: what lies elsewhere is the one of the mark only if that is nowhere.
  bool moved = known && !is_place(st, &m->file);
  if (moved && find(f, false))
    return LQ_SOURCE_OLD;
  if (moved && errno != ENOENT && errno != EACCES)
    return fail_open(f);
  if (known && (uint64_t)st->st_size >= lq_mark_offset(m)) {
    note_place(f, st);
    return LQ_SOURCE_GOES_ON;
  }
  if (find_copy(&f->source))
    return LQ_SOURCE_OLD;
  return errno == ENOENT ? begin_new(f, st) : fail_open(f);
}

// Nothing has the name. Renamed, and nothing new has come yet: what is left of it is read all the same.
static lq_source_begin open_renamed(lq_file *f, int error)
{
  lq_source *s = &f->source;
  s->seekable = error == ENOENT && was_read(s->mark) && find_copy(s);
  errno = error;
  return s->seekable ? LQ_SOURCE_OLD : LQ_SOURCE_FAILED;
}

static lq_source_begin open_file(lq_source *s)
{
  lq_file *f = file_of(s);
  struct stat st;
  int fd = lq_io_open(f->host->os, s->mark->name);
  if (fd < 0)
    return open_renamed(f, errno);
  use(f, fd);
  if (f->host->os->fstat(fd, &st) != 0)
    return fail_open(f);
  s->seekable = S_ISREG(st.st_mode);
  s->failed = false;
  return compare(f, &st);
}

static bool seek_file(lq_source *s)
{
  lq_file *f = file_of(s);
  f->read = lq_mark_offset(s->mark);
  return !s->seekable || f->once || f->host->os->seek(f->fd, (off_t)f->read, SEEK_SET) >= 0;
}

static bool begins_otherwise(const lq_file *f)
{
  const lq_identity *id = &f->source.mark->file;
  return id->prefix > 0 && begins_alike(f->host->os, f->fd, id) == 0;
}

static long read_file(lq_source *s, void *p, size_t n)
{
  lq_file *f = file_of(s);
  long got = lq_io_read(f->host, f->fd, p, n);
  // Emptied and filled again before we read: then these bytes are from the middle of another file. Looked at
  // after the read, so that none slip through; emptied just now, it is found in the copy again.
  if (got > 0 && s->seekable && begins_otherwise(f)) {
    f->changed = -1;
    return 0;
  }
  if (got > 0) {
    f->read += (uint64_t)got;
    f->quiet = 0;
    note_start(f);
  }
  return got;
}

static bool is_idle(lq_source *s)
{
  const lq_file *f = file_of(s);
  return f->host->os->wait(f->fd, POLLIN, 0) == 0;
}

// ---- at its end

static lq_source_look look_at(lq_source *s, int64_t wait)
{
  lq_file *f = file_of(s);
  const lq_os_calls *os = f->host->os;
  struct stat own, named;
  if (!s->seekable || os->fstat(f->fd, &own) != 0)
    return LQ_SOURCE_SAME;
  bool same = os->stat(s->mark->name, &named) != 0 || is_place(&named, &s->mark->file);
  if (!same) {
    f->quiet = f->quiet ? f->quiet : lq_host_elapsed(f->host, 0);
    return lq_host_elapsed(f->host, f->quiet) >= wait ? LQ_SOURCE_REPLACED : LQ_SOURCE_SAME;
  }
  f->quiet = 0;
  bool touched = (uint64_t)own.st_size != f->size || change_of(&own) != f->changed;
  f->size = (uint64_t)own.st_size;
  f->changed = change_of(&own);
  return f->size < f->read || (touched && begins_otherwise(f)) ? LQ_SOURCE_EMPTIED : LQ_SOURCE_SAME;
}

static const lq_source_kind files = {.open = open_file,
                                     .seek = seek_file,
                                     .read = read_file,
                                     .idle = is_idle,
                                     .look = look_at,
                                     .find_copy = find_copy,
                                     .next = next_file,
                                     .close = close_file};

void lq_file_init(lq_file *f, const lq_host *host, lq_mark *mark)
{
  *f = (lq_file){.source = {.kind = &files, .mark = mark}, .host = host, .fd = -1};
}
