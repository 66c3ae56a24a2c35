# SPDX-License-Identifier: MIT
# redis-server on the real-time core, its clients on Linux and there, over loopback.

crtos run redis-server --port 7001 --save '' --appendonly no --daemonize no >redis.log 2>&1 &
server=$!
ok "redis-server starts" wait_until 40 redis-cli -p 7001 ping
ok "redis-benchmark" redis-benchmark -p 7001 -q -n 1000 -c 10 -t set,get,incr,lpush,lrange_100
ok "pipelined" redis-benchmark -p 7001 -q -n 10000 -P 50 -d 1000 -t set,get
ok "redis-benchmark on the real-time core too" crtos run redis-benchmark -p 7001 -q -n 300 -c 5 -t set,get
# The same commands to one on Linux.
redis-server --port 7002 --save '' --appendonly no >/dev/null &
native=$!
wait_until 20 redis-cli -p 7002 ping
cat >commands <<'END'
flushall
set key value
append key more
get key
rpush list a b c d e
lrange list 1 3
hset hash one 1 two 2
hgetall hash
zadd set 3 c 1 a 2 b
zrangebyscore set 1 2 withscores
incrbyfloat number 3.25
eval "local s = 0 for i = 1, 100000 do s = s + i end return s" 0
setbit bits 100001 1
bitcount bits
type list
object encoding list
no-such-command
END
redis-cli -p 7001 <commands >rt.out
redis-cli -p 7002 <commands >native.out
ok "answers" diff native.out rt.out
ok "a script that fills it" redis-cli -p 7001 eval "for i = 1, 20000 do redis.call('set', 'k' .. i, string.rep('x', 100)) end return redis.call('dbsize')" 0
ok "threads of its own" redis-cli -p 7001 flushall async
redis-cli -p 7002 shutdown nosave
wait $native
redis-cli -p 7001 shutdown nosave
wait $server
is "redis-server ends" 0 $?
