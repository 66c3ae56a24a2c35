# SPDX-License-Identifier: MIT
# python3: programs of debian/*.py, whose output is compared, and modules of Python's own test suite.

D=/opt/crtos/tests/debian
for program in compute memory files threads sockets asynchronous modules; do
	works "python3, $program" python3 $D/$program.py
done
works "python3 -c" python3 -c 'import sys; print(sys.version, sys.argv, sys.flags.optimize)' one two
same "an exception" python3 -c 'def f(): return 1 / 0
f()'
same "sys.exit" python3 -c 'import sys; sys.exit(7)'
input=$D/compute.py
works "a program on standard input" python3 -
input=/dev/null
