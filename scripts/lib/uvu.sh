# Runs test files with uvu and adds up what it counted into `passed`, `failed` and `skipped`. Sourced, in the
# project's root.

passed=0 failed=0 skipped=0
test_pid= # of the run that is going on, for who wants to end it

# Counts as a failure what is wrong but no test.
fail_once() {
  echo "FAILED: $*"
  failed=$((failed + 1))
}

# The sum on a line of its own. Fails where any test did, and where none ran.
print_sum() {
  [ $((passed + failed)) -gt 0 ] || fail_once "no test ran"
  if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
  else
    echo "$passed passed, $failed failed"
  fi
  [ "$failed" -eq 0 ]
}

# Each folder that holds test files, below those named.
test_folders() {
  find "$@" -name '*.test.ts' -printf '%h\n' -o -name '*.test.tsx' -printf '%h\n' | sort -u
}

# uvu reads the tests of all files into one process: one folder each, so that a crash costs no other's count.
run_folder() {
  local folder=$1 limit=${NETMETER_TEST_SECONDS:-1200} log status file
  echo "── $folder"
  for file in "$folder"/*.test.ts "$folder"/*.test.tsx; do
    # Without it uvu would run none of the file's tests, and say nothing.
    [ ! -e "$file" ] || grep -q '\.run()' "$file" || fail_once "$file never calls run()"
  done
  log=$(mktemp)
  # Not through a pipe: a daemon that a failed test left behind would hold it open.
  # And without colours, or uvu sets FORCE_COLOR for everything that the tests start.
  timeout --kill-after=10 "$limit" node --import tsx node_modules/uvu/bin.js --no-color "$folder" \
    '^[^/]+\.test\.tsx?$' </dev/null >"$log" 2>&1 &
  test_pid=$!
  tail -n +1 -s 0.2 -f --pid="$test_pid" "$log" &
  # Only a wait lets a signal be answered at once.
  wait "$test_pid"
  status=$?
  test_pid=
  wait
  add_totals "$folder" "$log" "$status"
  rm -f "$log"
}

# uvu's exit code alone does not do: it is 0 when a `before` hook throws, with fewer passed than there are.
add_totals() {
  local folder=$1 log=$2 status=$3 all ok not_run
  all=$(last_number Total "$log")
  ok=$(last_number Passed "$log")
  not_run=$(last_number Skipped "$log")
  if [ "$status" = 124 ] || [ "$status" = 137 ]; then
    fail_once "$folder: not done after ${NETMETER_TEST_SECONDS:-1200} seconds"
  elif [ -z "$all" ] || [ -z "$ok" ]; then
    fail_once "$folder: ended before its tests did (exit $status)"
  elif [ "$status" != 0 ] && [ "$all" = "$ok" ]; then
    fail_once "$folder: exit $status though every test passed"
  fi
  if [ -z "$all" ] || [ -z "$ok" ]; then return; fi
  [ $((all + not_run)) -gt 0 ] || fail_once "$folder: no test ran"
  passed=$((passed + ok))
  failed=$((failed + all - ok))
  skipped=$((skipped + not_run))
}

last_number() { sed -n "s/^  $1: *\([0-9]*\)\$/\1/p" "$2" | tail -n 1; }
