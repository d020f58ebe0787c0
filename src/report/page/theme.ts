const THEMES = ['auto', 'light', 'dark'] as const;
const KEY = 'tlsfp-theme';

function remembered(): string {
  try {
    return localStorage.getItem(KEY) ?? 'auto';
  } catch {
    // A page opened from a file or an attachment may have no storage.
    return 'auto';
  }
}

/** The button that goes through the themes; `auto` follows the system. */
export function themeButton(button: HTMLButtonElement): void {
  let at = Math.max(0, (THEMES as readonly string[]).indexOf(remembered()));
  const show = () => {
    const theme = THEMES[at]!;
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  button.addEventListener('click', () => {
    at = (at + 1) % THEMES.length;
    try {
      localStorage.setItem(KEY, THEMES[at]!);
    } catch {
      // It holds for this visit.
    }
    show();
  });
  button.hidden = false;
  show();
}
