# SPDX-License-Identifier: MIT
# openssl and sqlite3.

seq 1 100000 >plain
for digest in md5 sha1 sha256 sha512 sha3-256 blake2b512; do
	works "openssl dgst -$digest" openssl dgst -$digest ../plain
done
key=00112233445566778899aabbccddeeff
for cipher in aes-128-cbc aes-128-ctr camellia-128-ecb sm4-cbc; do
	works "openssl enc -$cipher" openssl enc -$cipher -K $key -iv $key -in ../plain -out cipher
done
works "openssl enc -chacha20" openssl enc -chacha20 -K $key$key -iv $key -in ../plain -out cipher
works "openssl enc with a password" openssl enc -aes-256-cbc -pbkdf2 -S 0011223344556677 -k secret -in ../plain -out cipher
cp rt/cipher .
works "and back" openssl enc -d -aes-256-cbc -pbkdf2 -S 0011223344556677 -k secret -in ../cipher -out ../plain.back
ok "the same as before" cmp plain plain.back
ok "a key made on the real-time core" crtos run openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem
works "a signature" openssl dgst -sha256 -sign ../key.pem -out signature ../plain
cp rt/signature .
openssl pkey -in key.pem -pubout -out public.pem
works "its check" openssl dgst -sha256 -verify ../public.pem -signature ../signature ../plain
ok "a certificate" crtos run openssl req -x509 -new -key key.pem -subj /CN=crtos -days 10 -out cert.pem
ok "that Linux verifies" openssl verify -CAfile cert.pem cert.pem
works "openssl x509" openssl x509 -in ../cert.pem -noout -text
works "openssl asn1parse" openssl asn1parse -in ../cert.pem
works "openssl prime" openssl prime -checks 20 170141183460469231731687303715884105727
ok "openssl rand" sh -c "crtos run openssl rand 100000 >random && [ \$(stat -c %s random) = 100000 ]"

# It counts what is done until its alarm rings, and tells how long that was by times().
for threads in '' '-multi 2'; do
	ok "openssl speed $threads" sh -c "crtos run openssl speed -seconds 1 -bytes 1024 $threads sha256 2>&1 | tee speed | grep -q '^sha256  *[1-9][0-9.]*k\$'"
done

# Of 6 MB, not of some hundred: it is an emulated CPU. The files are the same to the byte.
cat >build.sql <<'END'
create table t(id integer primary key, n integer, name text, body text);
with recursive c(i) as (select 1 union all select i + 1 from c where i < 20000)
	insert into t select i, (i * 7919) % 100003, printf('name %d', i), printf('%0220d', i * i) from c;
create index by_n on t(n);
create table u as select n % 100 as k, count(*) as c, sum(length(body)) as l from t group by k;
update t set name = upper(name) where n % 10 = 3;
delete from t where id % 17 = 0;
END
cat >query.sql <<'END'
select count(*), sum(n), min(name), max(name) from t;
select * from u order by k;
select a.id, b.id from t a join t b on a.n = b.n + 1 where a.id < 500 order by a.id;
select substr(name, 1, 6) as p, count(*), avg(n) from t group by p order by 2 desc, 1 limit 20;
pragma integrity_check;
END
input=../build.sql
works "sqlite3 builds a database" sqlite3 -bail base.db
cp rt/base.db .
input=../query.sql
works "queries" sqlite3 -bail -header ../base.db
input=/dev/null
works "a dump" sqlite3 ../base.db '.dump u'
works "vacuum and pages of its own" sqlite3 base.db "attach '../base.db' as b; create table x as select * from b.t where id < 1000;
	pragma journal_mode=truncate; begin; delete from x where id < 500; rollback; vacuum; select count(*) from x;"
same "an SQL error" sqlite3 ../base.db 'select * from nothing'
ok "size of the database" sh -c '[ $(stat -c %s base.db) -gt 5000000 ]'
