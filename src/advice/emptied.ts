/** Commands that empty what a cache mount keeps: of use in an image's layer, not in a mount. */
const COMMANDS: readonly { target: RegExp; command: RegExp }[] = [
  { target: /^\/var\/lib\/apt/, command: /\brm\s+-\w*r\w*\s+[^;&|\n]*\/var\/lib\/apt\/lists[^\s;&|]*/ },
  { target: /^\/var\/cache(?:\/apt)?$/, command: /\bapt(?:-get)?\s+(?:-\S+\s+)?clean\b/ },
  { target: /pip|\/\.cache$/, command: /\bpip\d?\s+cache\s+purge\b/ },
  { target: /\.npm/, command: /\bnpm\s+cache\s+clean(?:\s+--force)?/ },
  { target: /yarn/, command: /\byarn\s+cache\s+clean\b/ },
  {
    target: /\/var\/cache\/(?:dnf|yum|libdnf5)/,
    command: /\b(?:dnf5?|microdnf|yum)\s+(?:-\S+\s+)?clean\s+all\b/,
  },
];

export function emptiedBy(script: string, targets: readonly string[]): { command: string; target: string }[] {
  return COMMANDS.flatMap(({ target, command }) => {
    const words = command.exec(script)?.[0];
    const emptied = targets.find((each) => target.test(each));
    return words === undefined || emptied === undefined ? [] : [{ command: words.trim(), target: emptied }];
  });
}
