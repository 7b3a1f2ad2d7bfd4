// Everything about the shown page that a reader would complain about; JSON for the test.
(() => {
  const colour = text => {
    const n = text.match(/-?[\d.]+(?:e-?\d+)?/g).map(Number);
    const [r, g, b, a = 1] = text.startsWith('color(') ? [255 * n[0], 255 * n[1], 255 * n[2], n[3]] : n;
    return { r, g, b, a };
  };
  const light = ({ r, g, b }) => {
    const c = [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  };
  const contrast = (one, other) => {
    const [a, b] = [light(one) + 0.05, light(other) + 0.05];
    return Math.max(a, b) / Math.min(a, b);
  };
  const visible = e => e.checkVisibility() && e.getBoundingClientRect().width > 0;
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = colour(getComputedStyle(e).backgroundColor);
      if (c.a === 1) return c;
    }
    return { r: 255, g: 255, b: 255 };
  };
  const short = text => text.trim().replace(/\s+/g, ' ').slice(0, 40);

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && visible(e) && !e.closest('svg, style, script')) texts.push(e);
  }
  const pale = texts
    .filter(e => contrast(colour(getComputedStyle(e).color), ground(e)) < 4.5)
    .map(e => short(e.textContent));

  const letters = [...document.querySelectorAll('svg text')].filter(visible);
  const scale = svg => svg.getBoundingClientRect().width / (svg.viewBox.baseVal.width || svg.getBoundingClientRect().width);
  const small = letters
    .filter(t => parseFloat(getComputedStyle(t).fontSize) * scale(t.ownerSVGElement) < 9)
    .map(t => short(t.textContent));
  // Letters on bars stay dark; the rest must stand out from the ground of the picture.
  const paleLetters = letters
    .filter(t => getComputedStyle(t).fill !== 'rgb(12, 12, 12)')
    .filter(t => {
      const paper = t.ownerSVGElement.querySelector('rect');
      return contrast(colour(getComputedStyle(t).fill), colour(getComputedStyle(paper).fill)) < 4.5;
    })
    .map(t => short(t.textContent));

  const figures = [...document.querySelectorAll('figure')].map(figure => {
    const shown = [...figure.querySelectorAll('svg, img, canvas')].filter(visible);
    const box = shown[0]?.getBoundingClientRect();
    return {
      name: figure.id || 'a figure',
      shown: shown.length,
      caption: short(figure.querySelector('figcaption')?.textContent ?? ''),
      described: shown.every(e => (e.getAttribute('alt') ?? e.closest('[role=img]')?.getAttribute('aria-label') ?? '').length > 20),
      box: box && [box.x + scrollX, box.y + scrollY, box.width, box.height],
    };
  });

  const tables = [...document.querySelectorAll('table')]
    .filter(table => !table.caption?.textContent.trim()
      || !table.tHead || [...table.tHead.querySelectorAll('th')].some(th => th.scope !== 'col')
      || [...table.tBodies[0].rows].some(row => row.cells[0].tagName !== 'TH' || row.cells[0].scope !== 'row'))
    .map(table => short(table.textContent));

  const anchors = [...document.querySelectorAll('a[href^="#"]')].map(a => a.hash.slice(1));
  return {
    width: document.documentElement.scrollWidth,
    brightness: light(ground(document.body)),
    headings: [...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1]),
    dangling: anchors.filter(id => !document.getElementById(id)),
    twice: [...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i),
    pale, small, paleLetters, figures, tables, tableCount: document.querySelectorAll('table').length,
  };
})()
