// A log file that is read as it grows, through rotations and restarts.
#include "cli/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/progress.h"

// A file under another name with another inode is taken for the one of the mark only if this much is alike.
enum { PREFIX_SURE = 64 };

void lq_source_init(lq_source *s, lq_mark *mark)
{
  *s = (lq_source){.mark = mark, .fd = -1};
}

void lq_source_close(lq_source *s)
{
  if (s->fd >= 0)
    lq_os->close(s->fd);
  s->fd = -1;
}

// ---- identity

// The n bytes at the file's start. A file that is shorter: 0; -1 and errno.
static int read_start(int fd, char *p, size_t n)
{
  size_t got = 0;
  while (got < n) {
    ssize_t more = lq_os->pread(fd, p + got, n - got, (off_t)got);
    if (more < 0 && errno == EINTR)
      continue;
    if (more <= 0)
      return (int)more;
    got += (size_t)more;
  }
  return 1;
}

// 1 yes, 0 no, -1 and errno: that cannot be said, and to take it for a no would read a file twice.
static int begins_alike(int fd, const lq_identity *id)
{
  char start[LQ_PREFIX_MAX];
  unsigned char digest[LQ_DIGEST];
  if (id->prefix == 0)
    return 1;
  int got = read_start(fd, start, id->prefix);
  if (got <= 0)
    return got;
  lq_digest(digest, start, id->prefix);
  return memcmp(digest, id->digest, LQ_DIGEST) == 0;
}

static void note_place(lq_source *s, const struct stat *st)
{
  s->mark->file.dev = (uint64_t)st->st_dev;
  s->mark->file.ino = (uint64_t)st->st_ino;
}

// The more was read, the surer the identity.
static void note_start(lq_source *s)
{
  lq_identity *id = &s->mark->file;
  char start[LQ_PREFIX_MAX];
  size_t want = s->read < LQ_PREFIX_MAX ? (size_t)s->read : LQ_PREFIX_MAX;
  if (!s->seekable || want <= id->prefix || read_start(s->fd, start, want) <= 0)
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
static int may_be(int fd, const lq_mark *m, bool named_alike)
{
  struct stat st;
  if (lq_os->fstat(fd, &st) != 0)
    return -1;
  if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size < m->at.offset)
    return 0;
  bool candidate = is_place(&st, &m->file) || (named_alike && m->file.prefix >= PREFIX_SURE);
  return candidate ? begins_alike(fd, &m->file) : 0;
}

// Opens it if it is the one; else -1, and an error that leaves it unsaid goes to *error.
static int try_entry(const char *folder, const char *name, const lq_mark *m, bool named_alike, int *error)
{
  lq_string path = {0};
  lq_string_printf(&path, "%s/%s", folder, name);
  // O_NONBLOCK: a pipe in the folder must not make us wait.
  int fd = lq_os->open(path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0);
  lq_string_free(&path);
  if (fd < 0) {
    *error = errno == ENOENT || errno == ELOOP || errno == EACCES ? *error : errno;
    return -1;
  }
  int is = may_be(fd, m, named_alike);
  if (is > 0)
    return fd;
  *error = is < 0 ? errno : *error;
  lq_os->close(fd);
  return -1;
}

// In the same folder: `app.log.1`, `app.log-20240501`. -1 and errno; ENOENT: not there.
static int find_elsewhere(const lq_mark *m)
{
  const char *slash = strrchr(m->name, '/'), *base = slash ? slash + 1 : m->name;
  char *folder = slash ? lq_copy(m->name, (size_t)(slash - m->name) + 1) : lq_copy(".", 1);
  DIR *dir = opendir(folder);
  int fd = -1, error = dir ? ENOENT : errno;
  for (struct dirent *e = dir ? readdir(dir) : NULL; e && fd < 0; e = readdir(dir)) {
    bool alike = strncmp(e->d_name, base, strlen(base)) == 0;
    bool same_inode = (uint64_t)e->d_ino == m->file.ino;
    if ((alike || same_inode) && strcmp(e->d_name, base) != 0)
      fd = try_entry(folder, e->d_name, m, alike, &error);
  }
  if (dir)
    closedir(dir);
  free(folder);
  errno = error;
  return fd;
}

bool lq_source_find_copy(lq_source *s)
{
  struct stat st;
  int fd = find_elsewhere(s->mark);
  if (fd < 0)
    return false;
  if (lq_os->fstat(fd, &st) != 0) {
    int error = errno;
    lq_os->close(fd);
    errno = error;
    return false;
  }
  lq_source_close(s);
  s->fd = fd;
  s->quiet = 0;
  note_place(s, &st);
  return true;
}

// ---- opening

static bool was_read(const lq_mark *m)
{
  return m->file.ino != 0;
}

static lq_source_begin begin_new(lq_source *s, const struct stat *st)
{
  lq_source_begin how = was_read(s->mark) ? LQ_SOURCE_LOST : LQ_SOURCE_NEW;
  // After a position inside a file, the lines that follow have the numbers that follow.
  if (was_read(s->mark))
    lq_source_next(s, s->mark->at.line + (s->mark->at.mode == 0 && s->mark->at.records > 0));
  note_place(s, st);
  return how;
}

static lq_source_begin fail_open(lq_source *s)
{
  int error = errno;
  lq_source_close(s);
  errno = error;
  return LQ_SOURCE_FAILED;
}

// s->fd is open on what has the name now.
static lq_source_begin compare(lq_source *s, const struct stat *st)
{
  lq_mark *m = s->mark;
  if (!s->seekable || !was_read(m))
    return begin_new(s, st);
  int known = m->file.prefix > 0 ? begins_alike(s->fd, &m->file) : is_place(st, &m->file);
  if (known < 0)
    return fail_open(s);
  if (known && (uint64_t)st->st_size >= m->at.offset) {
    note_place(s, st);
    return LQ_SOURCE_GOES_ON;
  }
  if (lq_source_find_copy(s))
    return LQ_SOURCE_OLD;
  return errno == ENOENT ? begin_new(s, st) : fail_open(s);
}

lq_source_begin lq_source_open(lq_source *s)
{
  struct stat st;
  s->fd = lq_in_open(s->mark->name);
  if (s->fd < 0) {
    int error = errno;
    // Renamed, and nothing new has come yet: what is left of it is read all the same.
    s->seekable = error == ENOENT && was_read(s->mark) && lq_source_find_copy(s);
    errno = error;
    return s->seekable ? LQ_SOURCE_OLD : LQ_SOURCE_FAILED;
  }
  if (lq_os->fstat(s->fd, &st) != 0)
    return fail_open(s);
  s->seekable = S_ISREG(st.st_mode);
  s->failed = false;
  return compare(s, &st);
}

void lq_source_next(lq_source *s, uint64_t line)
{
  s->mark->at = (lq_position){.struct_size = sizeof s->mark->at, .line = line, .first_line = line};
  s->mark->file = (lq_identity){0};
  s->read = s->size = 0;
  s->quiet = 0;
  s->changed = 0;
}

bool lq_source_seek(lq_source *s)
{
  s->read = s->mark->at.mode ? s->mark->at.offset : 0;
  return !s->seekable || lq_os->seek(s->fd, (off_t)s->read, SEEK_SET) >= 0;
}

long lq_source_read(lq_source *s, void *p, size_t n)
{
  long got = lq_in_read(s->fd, p, n);
  // Emptied and filled again before we read: then these bytes are from the middle of another file. Looked at
  // after the read, so that none slip through; emptied just now, it is found in the copy again.
  if (got > 0 && s->seekable && s->mark->file.prefix > 0 && begins_alike(s->fd, &s->mark->file) == 0) {
    s->changed = -1;
    return 0;
  }
  if (got > 0) {
    s->read += (uint64_t)got;
    s->quiet = 0;
    note_start(s);
  }
  return got;
}

// ---- at its end

lq_source_look lq_source_look_at(lq_source *s, int64_t wait)
{
  struct stat own, named;
  if (!s->seekable || lq_os->fstat(s->fd, &own) != 0)
    return LQ_SOURCE_SAME;
  bool same = lq_os->stat(s->mark->name, &named) != 0 || is_place(&named, &s->mark->file);
  if (!same) {
    s->quiet = s->quiet ? s->quiet : lq_elapsed(0);
    return lq_elapsed(s->quiet) >= wait ? LQ_SOURCE_REPLACED : LQ_SOURCE_SAME;
  }
  s->quiet = 0;
  bool touched = (uint64_t)own.st_size != s->size || change_of(&own) != s->changed;
  s->size = (uint64_t)own.st_size;
  s->changed = change_of(&own);
  if (s->size < s->read || (touched && s->mark->file.prefix > 0 && begins_alike(s->fd, &s->mark->file) == 0))
    return LQ_SOURCE_EMPTIED;
  return LQ_SOURCE_SAME;
}
