// ---- Coupons: how far the budgets have gone, and what a buyer holds. Amounts are whole yuan.

function budgetBars(parent) {
  const bars = new Map(); // campaign -> element
  return (rows) => {
    for (const [key, element] of bars) if (!rows.has(key)) { element.remove(); bars.delete(key); }
    for (const [key, row] of rows) {
      if (!bars.has(key)) { bars.set(key, copyOf("campaign-template")); parent.append(bars.get(key)); }
      drawBudget(bars.get(key), key, row ?? {});
    }
  };
}

function drawBudget(element, campaign, row) {
  const budget = Number(row.budget) || 0, held = (Number(row.issued) || 0) - (Number(row.revoked) || 0);
  const share = budget > 0 ? Math.min(1, Math.max(0, held / budget)) : 0;
  element.querySelector("strong").textContent = campaign;
  element.querySelector("span").textContent = `${whole.format(held)} of ${whole.format(budget)} yuan granted (${percent.format(share)})`;
  element.querySelector(".fill").style.width = 100 * share + "%";
  element.querySelector(".note").textContent =
    `${whole.format(row.remaining)} left. Issued ${whole.format(row.issued)}, taken back after refunds ${whole.format(row.revoked)}, denied ${whole.format(row.denied)}.`;
}

function buyerField(parent) {
  const form = copyOf("buyer-template");
  parent.append(form);
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const buyer = form.querySelector("input").value.trim();
    if (buyer) form.querySelector(".answer").replaceChildren(...await holdingsOf(buyer));
  });
  return () => {};
}

async function holdingsOf(buyer) {
  try {
    const answer = await fetch("/v1/tables/coupon_ledger/" + encodeURIComponent(buyer));
    if (answer.status === 404) return [paragraph(`Buyer ${buyer} holds no coupon now.`)];
    const body = await answer.json();
    if (!answer.ok) return [paragraph(body.message)];
    return couponList(buyer, body.value);
  } catch {
    return [paragraph("No answer from the server: try again.")];
  }
}

function couponList(buyer, ledger) {
  const list = document.createElement("ul");
  for (const coupon of ledger.coupons) {
    const item = document.createElement("li");
    item.textContent = `${whole.format(coupon.face_value)} yuan from ${coupon.campaign}, for ${whole.format(coupon.tier)} spent on ${dayOf(coupon.effect_time)} (number ${coupon.sequence} of the tier)`;
    list.append(item);
  }
  const n = ledger.coupons.length;
  return [paragraph(`Buyer ${buyer} holds ${n} ${n === 1 ? "coupon" : "coupons"} worth ${whole.format(ledger.face_value)} yuan.`), list];
}

// dayOf writes 20210325 as 2021-03-25.
const dayOf = (number) => String(number).replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3");

function paragraph(text) {
  const p = document.createElement("p");
  p.textContent = text;
  return p;
}
