# SPDX-License-Identifier: MIT
# sqlite3 with a database of 50 MB: rows are large, since it is an emulated CPU. The file is the same to the byte.

cat >build.sql <<'END'
pragma cache_size = -4000;
create table t(id integer primary key, n integer, body text);
with recursive c(i) as (select 1 union all select i + 1 from c where i < 13000)
	insert into t select i, (i * 7919) % 10007, printf('%04000d', i * i) from c;
create index by_n on t(n);
update t set body = upper(body) || n where n % 50 = 3;
delete from t where id % 97 = 0;
END
cat >query.sql <<'END'
select count(*), sum(n), sum(length(body)), max(substr(body, -12)) from t;
select a.id, b.id from t a join t b on a.n = b.n + 1 where a.id < 200 order by a.id, b.id;
select n % 7 as k, count(*), avg(length(body)) from t group by k order by k;
select id from t where body like '%123456%' order by id;
END
input=../build.sql
works "sqlite3 builds a database of 50 MB" sqlite3 -bail large.db
ok "its size" sh -c '[ $(stat -c %s rt/large.db) -gt 50000000 ]'
mv rt/large.db .
input=../query.sql
works "queries that read all of it" sqlite3 -bail ../large.db
input=/dev/null
rm -f large.db
