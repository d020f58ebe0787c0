import type { CommandModule } from 'yargs';
import { SHELLS, type Shell } from '../completion/shells.js';

interface CompletionArguments {
  shell: Shell;
}

/** `tlsfp completion` */
export function completionCommand(
  done: (exitCode: number) => void,
): CommandModule<object, CompletionArguments> {
  return {
    command: 'completion <shell>',
    describe: 'Print the completion script of a shell',
    builder: (y) =>
      y
        .positional('shell', { choices: SHELLS, demandOption: true, describe: 'bash, zsh or fish' })
        .example('source <($0 completion bash)', 'in ~/.bashrc')
        .example('$0 completion zsh > ~/.zfunc/_tlsfp', 'with ~/.zfunc in $fpath')
        .example('$0 completion fish > ~/.config/fish/completions/tlsfp.fish', ''),
    handler: async (argv) => {
      const [{ loadCommands }, { describeCommand }, { completionScript }] = await Promise.all([
        import('./all.js'),
        import('../describe.js'),
        import('../completion/shells.js'),
      ]);
      const commands = await loadCommands(undefined, done);
      process.stdout.write(completionScript(argv.shell, commands.map(describeCommand)));
      done(0);
    },
  };
}
