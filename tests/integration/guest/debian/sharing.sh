# SPDX-License-Identifier: MIT
# Shared writable mappings of files.

works "python3, shared mappings" python3 /opt/crtos/tests/debian/shared.py
works "python3, multiprocessing" python3 /opt/crtos/tests/debian/multiprocesses.py
ok "svsematest, processes" crtos run -f 90 /usr/bin/svsematest -q -f -p 90 -i 1000 -l 100
works "sqlite3 with a write-ahead log" sqlite3 base.db 'pragma journal_mode=wal; create table t(a, b);
	with recursive c(i) as (select 1 union all select i + 1 from c where i < 5000) insert into t select i, i * i from c;
	select sum(a), sum(b) from t; pragma wal_checkpoint(truncate);'
sqlite3 wal.db 'pragma journal_mode=wal; create table t(a); insert into t values(1);'
crtos run sqlite3 wal.db 'begin immediate; insert into t values(2);' '.shell sleep 0' 'commit; select count(*) from t;' >wal.out 2>&1
is "one base, both sides" "2 2" "$(tail -n 1 wal.out) $(sqlite3 wal.db 'select count(*) from t')"
crtos run redis-server --port 7003 --dir . --dbfilename rt.rdb --save '' >redis.log 2>&1 &
server=$!
wait_until 40 redis-cli -p 7003 ping
redis-cli -p 7003 eval "for i = 1, 2000 do redis.call('set', 'k' .. i, i) end" 0
ok "redis saves in the background" sh -c "redis-cli -p 7003 bgsave && i=0 && until [ -s rt.rdb ] && redis-cli -p 7003 info persistence |
	grep -q 'rdb_bgsave_in_progress:0'; do i=\$((i + 1)); [ \$i -lt 300 ] || exit 1; usleep 100000; done
	redis-cli -p 7003 info persistence | grep -q 'rdb_last_bgsave_status:ok'"
redis-cli -p 7003 shutdown nosave
wait $server
is "and ends" 0 $?
redis-server --port 7004 --dir . --dbfilename rt.rdb >/dev/null 2>&1 &
server=$!
wait_until 20 redis-cli -p 7004 ping
is "Linux reads what it saved" 2000 "$(redis-cli -p 7004 dbsize)"
redis-cli -p 7004 shutdown nosave
wait $server
# The root is a disk.
ok "what is stored reaches the disk, on Linux" $P/shared-files /root/shared disk
ok "what is stored reaches the disk" crtos run $P/shared-files /root/shared disk
refused "no file is mapped that takes all of Linux's memory" 1 "Cannot allocate memory" \
	crtos run $P/shared-files /root/large limit $(awk '$1 == "MemTotal:" { print int($2 / 4) }' /proc/meminfo) read
ok "what of it was lent is given back" wait_until 30 value_is frames_lent 0
