// browser.mjs URL: a browser without a screen. It opens the page, submits every
// form it finds as it stands, follows redirects with its cookies, and prints the
// last page.
const cookies = new Map();

async function open(url, form) {
  for (let step = 0; step < 20; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { method: form ? 'POST' : 'GET', body: form, headers: { cookie }, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s);
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (!location) return { url, text: await answer.text() };
    url = new URL(location, url).href;
    form = undefined;
  }
  throw new Error('redirected for ever');
}

const value = (tag, name) => tag.match(new RegExp(`${name}="([^"]*)"`))?.[1].replaceAll('&amp;', '&');

let page = await open(process.argv[2]);
for (let step = 0; step < 5; step += 1) {
  const form = page.text.match(/<form[^>]*method="post"[^]*?<\/form>/)?.[0];
  if (!form) break;
  const fields = new URLSearchParams();
  for (const [tag] of form.matchAll(/<(input|button)[^>]*>/g)) {
    const name = value(tag, 'name');
    // The confirmation has a button to agree and one to leave.
    if (name && name !== 'abort') fields.set(name, value(tag, 'value') ?? '');
  }
  if (page.text.includes('Confirm')) fields.set('confirm', 'yes');
  page = await open(new URL(value(form, 'action') ?? page.url, page.url).href, fields);
}
console.log(page.text);
