// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the shell.
/** RUN instructions that are hard to compare with what is run: each with the arguments that its process gets. */

export const VARIABLES = { X: '1', FILE: '/a/b/archive.tar.gz', EMPTY: '' };
export const ENVIRONMENT = [
  'PATH=/bin',
  ...Object.entries(VARIABLES).map(([name, value]) => `${name}=${value}`),
];

/** Runs nothing, and succeeds whatever follows. */
export const SHELL = ['/bin/true', '-c'];

/** Texts behind RUN that reach the shell as they are. */
const PLAIN = [
  'make',
  'echo "a\\n" \\$HOME \'q$X\' $X $PATH',
  'echo ${X}',
  'echo ${X:-d} ${NOPE:-d} ${X:+p} ${NOPE:+p}',
  'echo ${NOPE-d}',
  'echo ${X-d} ${X+p}',
  'echo ${EMPTY:-d} ${EMPTY-d} ${EMPTY:+p} ${EMPTY+p}',
  'echo ${X:?} ${X?}',
  'echo ${NOPE:?}',
  'echo ${EMPTY:?}',
  'echo ${X:-${FILE:-z}} ${NOPE:-${FILE:-z}}',
  "echo ${NOPE:-'}'}",
  'echo ${NOPE:-\\a"\\b\\\\"}',
  'echo ${FILE%.gz} ${FILE%%.*} ${FILE#*.} ${FILE##*.}',
  'echo ${FILE%a*} ${FILE%%a*} ${FILE#*a} ${FILE##*a}',
  'echo ${FILE%"gz"} ${FILE%nothing} ${NOPE%x}',
  'echo ${FILE%\\.gz}',
  'echo ${FILE/tar/zip} ${FILE//a/b} ${FILE//a/} ${FILE//?/x} ${FILE//*/x}',
  'echo ${FILE/\\//x} ${FILE/a/$X} ${NOPE/a/$X} ${FILE/$/x}',
  'echo ${FILE/a}',
  'echo ${#X}',
  'echo ${!X}',
  'echo ${X:0:1}',
  'echo ${X@Q}',
  'echo ${',
  'echo ${}',
  'echo ${:x}',
  'echo ${X',
  'echo ${X}}',
  'echo $',
  'echo "$"',
  'echo $É $X€ ünïcödé',
  'a=1; b=$a; echo $b $$ $? $# $@ $! $0 $1 $10 $*',
  'echo $(( 1 + 2 )) $(date) `date`',
  'awk \'{print $1}\' "$X"',
  'awk "{print \\$1}"',
  'sed -i "s/\\\\/x/" f; sed -e s/\\\\n/x/ f',
  "echo it\\'s",
  "echo it's unbalanced $X",
  'echo "unbalanced $X',
  'echo \\"$X\\"',
  'x="${X:-"a b"}"',
  '[ -f x ] && y',
  '[ "$X" = "1" ] || exit 1',
  'echo a  b   c  --flag',
  'echo $X$FILE$NOPE',
  'echo backslash \\\\',
  'for i in *; do echo $i; done',
  `echo ${'long '.repeat(1000)}end`,
];

/** Instructions that are more than that. Here-documents came with BuildKit 0.9. */
const SPECIAL: [instruction: string, args: string[]][] = [
  ['RUN ["/bin/true", "a b", "$X", "q\\"uo\\\\te", "\\n"]', ['/bin/true', 'a b', '$X', 'q"uo\\te', '\n']],
  ['RUN [ "/bin/true" , "c" ]', ['/bin/true', 'c']],
  [
    'RUN --mount=type=cache,target=/x --network=none   --mount=type=tmpfs,"target=/a b" echo flagged $X',
    [...SHELL, 'echo flagged $X'],
  ],
  ['RUN --mount=type=cache,target=${FILE} -- echo dashes', [...SHELL, 'echo dashes']],
  ['RUN set -eux; \\\n   one; \\\n  # comment\n  two', [...SHELL, 'set -eux;    one;   two']],
  ['run lowercase $X', [...SHELL, 'lowercase $X']],
  ['RUN <<EOT\nset -ex\necho $X "a"\nEOT', [...SHELL, 'set -ex\necho $X "a"\n']],
  ['RUN <<-"EOT"\n\t\techo $X one\n\t\tx\nEOT', [...SHELL, 'echo $X one\nx\n']],
  ["RUN <<EOT\necho it's $X\nEOT", [...SHELL, "echo it's $X\n"]],
  ['RUN --mount=type=cache,target=/y <<EOT\n\n  make $X\n\nEOT', [...SHELL, '\n  make $X\n\n']],
  ['RUN <<script\n#!/bin/true\nfoo\nscript', [...SHELL, '/dev/pipes/script']],
  ['RUN cat <<A <<B > /x\na $X\nA\nb\nB', [...SHELL, 'cat <<A <<B > /x\na $X\nA\nb\nB']],
  ['RUN 3<<EOT cat\nfoo\nEOT', [...SHELL, '3<<EOT cat\nfoo\nEOT']],
];

export const CORPUS: [instruction: string, args: string[]][] = [
  ...PLAIN.map((text): [string, string[]] => [`RUN ${text}`, [...SHELL, text]]),
  ...SPECIAL,
];
