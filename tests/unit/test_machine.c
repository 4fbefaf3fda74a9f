// State machines: S1 to S14, samples, joins, pipes, windows, as small timelines.
#include <criterion/criterion.h>

#include "tests/reference/world.h"
#include "tests/unit/counting_mem.h"

typedef struct timeline {
  const char *what, *rule, *stream, *groups;
} timeline;

static const timeline sequences[] = {
    {"S1 one event never advances a partial twice", "seq A A A", "1:A;2:A;3:A;4:A", "1,2,3;2,3,4;"},
    {"S1 order is time, then arrival", "seq A B", "1:A;1:B;2:B", "1,2;"},
    {"S2 entering an occupied stage replaces", "seq A B", "1:A;2:A;3:B;4:B", "2,3;"},
    {"S2 also further on", "seq A B C", "1:A;2:B;3:A;4:B;5:C;6:C", "3,4,5;"},
    {"S3 a match consumes", "seq A B B", "1:A;2:B;3:B;4:B", "1,2,3;"},
    {"S4 keys part", "seq by=k A B", "1:A k=1;2:A k=2;3:B k=2;4:B k=1", "2,3;1,4;"},
    {"S4 keys of a term's own", "seq A.k B.j", "1:A k=1;2:B j=2 k=1;3:B j=1", "1,3;"},
    {"S4 a number and a text with one canonical text are equal", "seq by=k A B", "1:A k=1;2:B k=1", "1,2;"},
    {"S4 two keys", "seq by=kj A B", "1:A k=1 j=2;2:B k=1 j=3;3:B k=1 j=2", "1,3;"},
    {"S5 no key, no part", "seq by=k A B", "1:A;2:B", ""},
    {"S5 an optional key joins null with null", "seq by=?k A B", "1:A;2:B k=1;3:B", "1,3;"},
    {"S5 one optional of two", "seq by=k?j A B", "1:A k=1;2:B k=1 j=1;3:B k=1", "1,3;"},
    {"null keys join under the flag", "seq null by=k A B", "1:A;2:B", "1,2;"},
    {"S6 each distinct value", "seq by=k A B", "1:A k=1,2,2;2:B k=2,1,3", "1,2;1,2;"},
    {"S6 cartesian", "seq by=kj A B", "1:A k=1,2 j=1,2;2:B k=1,2 j=1,2", "1,2;1,2;1,2;1,2;"},
    {"S7 maxspan is inclusive", "seq span=10 A B", "1:A;11:B;20:A;31:B", "1,2;"},
    {"S7 it counts from the first event", "seq span=10 A B C", "1:A;8:B;12:C", ""},
    {"S8 until drops, after the event has matched", "seq A B until=U", "1:A;2:BU;3:A;4:U;5:B", "1,2;"},
    {"S8 until drops only its key", "seq by=k A B until=U", "1:A k=1;2:A k=2;3:U k=1;4:B k=1;5:B k=2",
     "2,5;"},
    {"until first, under the flag", "seq first A B until=U", "1:A;2:BU;3:A;4:B", "3,4;"},
    {"S9 runs", "seq A*3 B", "1:A;2:A;3:A;4:B", "1,2,3,4;"},
    {"S9 runs at the end", "seq A B*2", "1:A;2:B;3:B", "1,2,3;"},
    {"S10 missing between", "seq span=100 A !M B", "1:A;2:M;3:B;4:A;5:B", "4,-,5;"},
    {"S10 decided after the positives are paired", "seq span=100 A !M B", "1:A;2:M;3:B;4:B", ""},
    {"S10 strictly between", "seq span=100 A !M B", "1:AM;2:BM", "1,-,2;"},
    {"S10 of the same key", "seq by=k span=100 A !M B", "1:A k=1;2:M k=2;3:B k=1", "1,-,3;"},
    {"S10 with runs", "seq span=100 A !M*2 B", "1:A;2:B", "1,-,-,2;"},
    {"S10 a spoilt one still replaces", "seq span=100 A !M B C", "1:A;2:B;3:A;4:M;5:B;6:C", ""},
    {"S11 leading", "seq span=10 !M A", "1:M;11:A;12:A", "-,3;"},
    {"S11 leading, before two", "seq span=10 !M A B", "1:M;2:A;5:B;6:A;12:B", "-,4,5;"},
    {"S11 trailing", "seq span=10 A !M", "1:A;11:M;12:A;23:M", "3,-;"},
    {"S11 trailing, the last event itself does not count", "seq span=10 A !M", "1:AM", "1,-;"},
    {"S11 both: some window is free", "seq span=19 !M A !M", "0:M;10:A;20:M;21:A;29:A;31:A",
     "-,4,-;-,5,-;-,6,-;"},
    {"S11 both: a window of 18 fits between 0 and 20", "seq span=18 !M A !M", "0:M;10:A;20:M", "-,2,-;"},
    {"S11 both: one of 20 does not", "seq span=20 !M A !M", "0:M;10:A;20:M", ""},
    {"S12 ordered by the completing event", "seq by=k span=10 A B !M", "1:A k=1;2:A k=2;3:B k=2;4:B k=1",
     "2,3,-;1,4,-;"},
    {"S13 held until time has passed", "seq span=10 A !M", "1:A;5:C;12:A", "1,-;3,-;"},
    {"an alias", "seq A B@0", "1:A x=1;2:B x=2;3:B x=1", "1,3;"},
    {"an alias reads the partial it would advance", "seq by=k A B@0", "1:A k=1 x=1;2:A k=2 x=2;3:B k=1,2 x=2",
     "2,3;"},
    {"an alias in a missing term", "seq span=100 A !M@0 B", "1:A x=1;2:M x=2;3:B;4:A x=1;5:M x=1;6:B",
     "1,-,3;"},
    {"an alias in a trailing one", "seq span=10 A !M@0", "1:A x=1;2:A x=2;3:M x=1", "2,-;"},
    {"late events are left out", "seq A B", "5:A;3:B;6:B", "1,3;"},
    {"no time: that of the event before", "seq span=10 A B", "100:A;-:B", "1,2;"},
};

static const timeline others[] = {
    {"sample in any order", "sample by=k A B", "1:B k=1;2:A k=1;3:A k=2;4:B k=2", "2,1;3,4;"},
    {"once a key", "sample by=k A B", "1:A k=1;2:B k=1;3:A k=1;4:B k=1", "1,2;"},
    {"one event is one term's", "sample by=k A B", "1:AB k=1;2:A k=1", "2,1;"},
    {"a chain of moves", "sample by=k A B C", "1:AB k=1;2:BC k=1;3:A k=1", "3,1,2;"},
    {"terms with keys of their own", "sample A.k B.j", "1:A k=1;2:B j=1", "1,2;"},
    {"join keeps the first of each", "join by=k A B", "1:A k=1;2:A k=1;3:B k=1;4:B k=1;5:A k=1", "1,3;5,4;"},
    {"one event may be both in a join", "join A B", "1:AB", "1,1;"},
    {"until clears a join", "join by=k A B until=U", "1:A k=1;2:U k=1;3:B k=1;4:A k=1", "4,3;"},
};

static const timeline pipes[] = {
    {"head", "seq A B|head=1", "1:A;2:B;3:A;4:B", "1,2;"},
    {"tail", "seq A B|tail=1", "1:A;2:B;3:A;4:B", "3,4;"},
    {"tail, then sort", "event A|tail=3|sort=x", "1:A x=9;2:A x=3;3:A x=2;4:A x=1", "4;3;2;"},
    {"null sorts first", "event A|sort=x", "1:A x=2;2:A;3:A x=1", "2;3;1;"},
    {"descending", "event A|rsort=x", "1:A x=2;2:A;3:A x=3", "3;1;2;"},
    {"unique", "event A|unique=x", "1:A x=2;2:A x=2;3:A;4:A;5:A x=1", "1;3;5;"},
    {"count", "event A|count", "1:A;2:B;3:A", "[2 1];"},
    {"count by", "event A|count=x", "1:A x=2;2:A x=1;3:A x=2;4:A x=2", "[1 0.25 1];[3 0.75 2];"},
    {"unique_count", "event A|ucount=x", "1:A x=2;2:A x=1;3:A x=2",
     "1[2 0.6666666666666666 2];2[1 0.3333333333333333 1];"},
    {"unique_count, then where", "event A|ucount=x|where=0>=2", "1:A x=2;2:A x=1;3:A x=2",
     "1[2 0.6666666666666666 2];"},
    {"a sum that was larger than any number is exact again", "event A|stats=sum:x;/10",
     "1:A x=1.7e308;2:A x=1.7e308;11:A x=0.5;14:A x=5", "1[1.7e+308];1,2[inf];3[1.7e+308];3,4[5.5];"},
    {"what rounding took leaves with the last double", "event A|stats=sum:x;/10",
     "1:A x=0.1;2:A x=0.2;3:A x=0.3;14:A x=7;15:A x=0.5",
     "1[0.1];1,2[0.30000000000000004];1,3[0.6];4[7];4,5[7.5];"},
    {"suppress", "event A|suppress=k/10", "1:A k=1;2:A k=1;3:A k=2;10:A k=1;11:A k=1;12:A k=1", "1;3;5;"},
    {"new_terms", "event A|new=k/10", "1:A k=1;5:A k=1;14:A k=1;24:A k=1;25:A;26:A k=1,2", "1;4;6;"},
    {"eval and keep", "event A|eval=x|keep=xk", "1:A k=1 x=5", "1[5]{5 1};"},
    {"stats at the end", "event A|stats=count,sum:x,min:x,max:x,avg:x,first:x,last:x,values:x,dcount:x;k",
     "1:A k=1 x=5;2:A k=2 x=1;3:A k=1 x=2;4:A k=1 x=5",
     "1,4[1 3 12 2 5 4 5 5 2+5 2];2[2 1 1 1 1 1 1 1 1 1];"},
    {"stats of nothing", "event A|stats=count;k", "1:B k=1", ""},
    {"stats without by", "event A|stats=count;", "1:A;2:A", "1,2[2];"},
    {"a window", "event A|stats=count;k/10|where=1>=2",
     "1:A k=1;5:A k=1;6:A k=1;30:A k=1;39:A k=1;40:A k=1;50:A k=1;58:A k=1", "1,2[1 2];4,5[1 2];7,8[1 2];"},
    {"(t - D, t]", "event A|stats=count;/10|where=0>=2", "1:A;11:A;20:A", "2,3[2];"},
    {"true again only after false", "event A|stats=count;/10|where=0>=1", "1:A;2:A;30:A", "1[1];3[1];"},
    {"no condition: a row for each event", "event A|stats=max:x,min:x,first:x,last:x;/10",
     "1:A x=3;2:A x=9;12:A x=1", "1[3 3 3 3];1,2[9 3 3 9];3[1 1 1 1];"},
    {"over groups", "seq by=k A B|stats=count;k/100|where=1>=2", "1:A k=1;2:B k=1;3:A k=1;4:B k=1",
     "2,4[1 2];"},
};

static const char *run_text(const timeline *t, const w_options *o, lq_buf *out)
{
  static w_rule rule;
  static w_stream stream;
  w_run run = {0};
  out->mem = &lq_mem_libc;
  if (!w_read_rule(&rule, t->rule) || !w_read_stream(&stream, t->stream))
    return "unreadable";
  lq_status status = w_begin(&run, &rule, &stream, o, out);
  for (size_t i = 0; i < stream.n && !status; i++)
    status = w_feed(&run, i);
  if (!status)
    status = w_end(&run);
  w_free(&run);
  lq_buf_byte(out, 0);
  return status ? "failed" : out->p;
}

static void check(const timeline *table, size_t n, const w_options *o)
{
  for (size_t i = 0; i < n; i++) {
    lq_buf out = {0};
    const char *got = run_text(&table[i], o, &out);
    cr_expect(strcmp(got, table[i].groups) == 0, "%s\n  %s\n  %s\n  wanted %s\n  got    %s", table[i].what,
              table[i].rule, table[i].stream, table[i].groups, got);
    lq_buf_free(&out);
  }
}

#define CHECK(table, options) check(table, sizeof(table) / sizeof *(table), options)

Test(machine, sequences)
{
  CHECK(sequences, &(w_options){0});
}

Test(machine, samples_and_joins)
{
  CHECK(others, &(w_options){0});
}

Test(machine, pipes)
{
  CHECK(pipes, &(w_options){0});
}

Test(machine, any_hash_key_gives_the_same)
{
  CHECK(sequences, &(w_options){.hash_seed = 77});
  CHECK(others, &(w_options){.hash_seed = 78});
  CHECK(pipes, &(w_options){.hash_seed = 79});
}
