type Child = Node | string | null;

/**
 * Make an element. Texts become text nodes, attributes are set as such: nothing is ever parsed as HTML, whatever a
 * capture holds.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Something that opens, made when it is opened first. */
export function disclosure(title: string, content: () => Node): HTMLDetailsElement {
  const details = element('details', {}, element('summary', {}, title));
  details.addEventListener('toggle', () => details.append(content()), { once: true });
  return details;
}
