// Draws the charts that the page describes: <script type="application/json" data-chart="ID"> beside <div id="ID">.
// Labels come written from the server; this file knows no language.  Colours come from admin.css, so they follow the theme.
(() => {
  "use strict";

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--kr-${name}`).trim();
  const encode = (text) => echarts.format.encodeHTML(String(text));
  const narrow = (element) => element.clientWidth < 560;
  // A real family name: "inherit" would be drawn rightly, but measured wrongly.
  const family = () => getComputedStyle(document.body).fontFamily;
  const text = (extra) => ({ color: colour("text"), fontFamily: family(), fontSize: 13, ...extra });
  const tooltip = (extra) => ({
    backgroundColor: colour("surface"),
    borderColor: colour("line"),
    textStyle: text(),
    confine: true,
    ...extra,
  });
  const shorten = (name, length) => (name.length > length ? name.slice(0, length - 1) + "…" : name);

  // Names beside horizontal bars.
  const nameAxis = (element, names, extra) => ({
    type: "category",
    inverse: true,
    data: names,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: colour("text"), fontSize: narrow(element) ? 12 : 13, lineHeight: 15, interval: 0, width: narrow(element) ? 144 : 190, overflow: "break", ...extra },
  });
  // On a phone single bars have their names above them: beside them they would leave the bars no room.
  const above = (element, height) =>
    narrow(element) ? { inside: true, margin: 0, align: "left", verticalAlign: "bottom", padding: [0, 0, height / 2 + 1, 0], width: element.clientWidth - 8, overflow: "truncate" } : {};
  const nameRoom = (element) => (narrow(element) ? 4 : 200);
  // What is written behind the longest bar.
  const labelRoom = (element, labels) => 16 + Math.max(...labels.map((label) => label.length)) * (narrow(element) ? 7.4 : 8);
  // How many lines a legend takes.
  const legendLines = (element, names) => Math.ceil(names.reduce((sum, name) => sum + name.length * 7 + 32, 0) / (element.clientWidth - 24));
  const hiddenAxis = (max) => ({ type: "value", min: 0, max, show: false });

  const approach = (element, data) => {
    // Between two stages lies a row of its own that says what is lost there.
    const rows = data.bars.flatMap((bar, i) => (i < data.bars.length - 1 ? [{ bar }, { drop: bar.drop }] : [{ bar }]));
    const marks = [];
    data.bars.forEach((bar, i) => {
      if (bar.expected != null) marks.push({ value: [bar.expected, 2 * (i + 1)], words: `${bar.expectedLabel} ${data.expectedText}` });
      if (bar.line != null) marks.push({ value: [bar.line, 2 * i], words: bar.lineLabel });
    });
    const most = Math.max(data.whole, ...data.bars.map((bar) => bar.value), 1);
    const thick = narrow(element) ? 16 : 24;
    element.style.height = `${rows.length * (narrow(element) ? 33 : 30) + 16}px`;
    return {
      aria: { enabled: false },
      grid: { left: nameRoom(element), right: labelRoom(element, data.bars.map((bar) => bar.label)), top: narrow(element) ? 12 : 4, bottom: 4 },
      tooltip: tooltip({ trigger: "item", formatter: (p) => encode(p.data.words || `${p.name}: ${p.data.label?.formatter ?? p.value}`) }),
      xAxis: hiddenAxis(most),
      yAxis: nameAxis(element, rows.map((row) => (row.bar ? row.bar.name : "")), above(element, thick)),
      series: [
        {
          type: "bar",
          barWidth: thick,
          showBackground: true,
          backgroundStyle: { color: "transparent" },
          itemStyle: { color: colour("accent"), borderRadius: [0, 4, 4, 0] },
          data: rows.map((row) =>
            row.bar
              ? { value: row.bar.value, label: { show: true, position: "right", formatter: row.bar.label, ...text({ fontWeight: 600, fontSize: narrow(element) ? 12 : 13 }) } }
              : {
                  value: 0,
                  label: {
                    show: !!row.drop,
                    position: "right",
                    formatter: row.drop ? `↓ ${narrow(element) ? row.drop.split(" · ")[0] : row.drop}` : "",
                    offset: [0, narrow(element) ? -6 : 0], // away from the name below it
                    ...text({ color: colour("lost"), fontSize: 12 }),
                  },
                },
          ),
        },
        {
          type: "scatter",
          symbol: "rect",
          symbolSize: [3, thick + 6],
          itemStyle: { color: colour("reference") },
          data: marks,
          z: 5,
        },
      ],
    };
  };

  // A part of each bar may be drawn inside it: data.names then says what both are.
  const bars = (element, data) => {
    const parts = data.bars.some((bar) => bar.part != null);
    const most = data.whole ?? Math.max(...data.bars.map((bar) => bar.value));
    const thick = narrow(element) ? 16 : 20;
    element.style.height = `${data.bars.length * (narrow(element) ? 44 : 34) + 12 + (parts ? 30 : 0)}px`;
    const bar = (name, key, fill, z, label) => ({
      name,
      type: "bar",
      barWidth: thick,
      barGap: "-100%",
      z,
      itemStyle: { color: fill, borderRadius: [0, 4, 4, 0] },
      data: data.bars.map((one) => ({
        value: one[key],
        label: { show: label, position: "right", formatter: one.label, ...text({ fontWeight: 600, fontSize: narrow(element) ? 12 : 13 }) },
      })),
    });
    return {
      legend: parts ? { bottom: 0, selectedMode: false, itemWidth: 12, itemHeight: 12, textStyle: text({ fontSize: 12 }) } : undefined,
      grid: { left: nameRoom(element), right: labelRoom(element, data.bars.map((one) => one.label)), top: 4, bottom: parts ? 34 : 4 },
      tooltip: tooltip({ trigger: "item", formatter: (p) => encode(`${p.name}: ${data.bars[p.dataIndex].label}`) }),
      xAxis: hiddenAxis(Math.max(most, 0.01)),
      yAxis: nameAxis(element, data.bars.map((one) => one.name), above(element, thick)),
      series: [
        bar(data.names[0], "value", parts ? colour("soft") : data.whole == null ? colour("accent") : colour("after"), 2, true),
        ...(parts ? [bar(data.names[1], "part", colour("accent"), 3, false)] : []),
      ],
    };
  };

  const legend = (extra) => ({ bottom: 0, type: "scroll", itemWidth: 12, itemHeight: 12, textStyle: text({ fontSize: 12 }), pageTextStyle: text({ fontSize: 12 }), inactiveColor: colour("muted"), ...extra });
  const shades = () => ["accent", "after", "lost", "length-4", "reference", "kind-counted_only", "length-2", "muted"].map(colour);
  const labelled = (data) => (p) => encode(`${p.name} · ${p.seriesName}: ${data.series[p.seriesIndex].labels[p.dataIndex]}`);

  const grouped = (element, data) => {
    const thick = data.series.length > 3 ? 8 : 12;
    element.style.height = `${data.names.length * (data.series.length * (thick + 2) + 14) + 60}px`;
    return {
      color: shades(),
      legend: legend(),
      grid: { left: narrow(element) ? 130 : 200, right: 20, top: 4, bottom: 52 },
      tooltip: tooltip({ trigger: "item", formatter: labelled(data) }),
      xAxis: { type: "value", splitNumber: narrow(element) ? 2 : 5, axisLabel: { color: colour("muted"), hideOverlap: true, formatter: short }, splitLine: { lineStyle: { color: colour("line") } } },
      yAxis: nameAxis(element, data.names),
      series: data.series.map((one) => ({ name: one.name, type: "bar", barWidth: thick, barGap: "20%", itemStyle: { borderRadius: [0, 3, 3, 0] }, data: one.values })),
    };
  };

  // Numbers of an axis, in the page's language.
  const short = (value) => new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" }).format(value);
  const percent = (value) => new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(value);
  // Days may leave out some of their names; of a few classes each is told, in several lines where it must.
  const eachName = (element, data) => (data.names.length > 12 ? {} : { interval: 0, hideOverlap: false, alignMaxLabel: undefined, width: (element.clientWidth - 70) / data.names.length - 4, overflow: "break", lineHeight: 13, fontSize: 11 });
  const isWhole = (series) => series.every((one) => one.values.every((value) => value == null || Number.isInteger(value)));
  const upright = (element, data) => ({
    color: shades(),
    legend: data.series.length > 1 ? legend() : undefined,
    grid: { left: 8, right: 12, top: 14, bottom: data.series.length > 1 ? 36 : 8, containLabel: true },
    tooltip: tooltip({
      trigger: "axis",
      axisPointer: { type: "shadow" },
      formatter: (points) =>
        [
          `<strong>${encode(data.titles[points[0].dataIndex])}</strong>`,
          ...points.map((p) => `${p.marker}${encode(p.seriesName)}: ${encode(data.series[p.seriesIndex].labels[p.dataIndex])}`),
        ].join("<br>"),
    }),
    xAxis: { type: "category", data: data.names, axisLine: { lineStyle: { color: colour("line") } }, axisTick: { show: false }, axisLabel: { color: colour("muted"), hideOverlap: true, alignMaxLabel: "right", ...eachName(element, data) } },
    yAxis: { type: "value", minInterval: isWhole(data.series) ? 1 : undefined, max: data.series.every((one) => one.share) ? 1 : undefined, axisLabel: { color: colour("muted"), formatter: data.series.every((one) => one.share) ? percent : short }, splitLine: { lineStyle: { color: colour("line") } } },
  });

  const columns = (element, data) => {
    element.style.height = "250px";
    return {
      ...upright(element, data),
      series: data.series.map((one, i) => one.line ? { name: one.name, type: "line", symbol: "none", z: 4, lineStyle: { type: "dashed", width: 1.5 }, itemStyle: { color: colour("after") }, data: one.values } : ({ name: one.name, type: "bar", barMaxWidth: 28, barGap: data.overlaid ? "-100%" : "10%", z: 2 + i, itemStyle: { color: data.overlaid && !i ? colour("soft") : data.overlaid ? colour("accent") : undefined, borderRadius: [3, 3, 0, 0] }, data: one.values })),
    };
  };

  const lines = (element, data) => {
    element.style.height = "260px";
    // Many lines are months, the newest last: shades of one colour say which is newer, and nobody tells so many colours apart.
    const ages = data.series.length > shades().length ? { color: data.series.map((_, i) => echarts.color.lerp(i / (data.series.length - 1), [colour("length-2"), colour("length-6")])) } : {};
    return {
      ...upright(element, data),
      ...ages,
      series: data.series.map((one) => ({ name: one.name, type: "line", symbolSize: 5, connectNulls: false, data: one.values })),
    };
  };

  const heat = (element, data) => {
    const room = element.clientWidth - (narrow(element) ? 118 : 198);
    const upright = !narrow(element) && room / data.columns.length > 70; // names fit below their columns
    const foot = narrow(element) ? 92 : upright ? 44 : 64;
    element.style.height = `${data.rows.length * 32 + foot + 6}px`;
    const most = Math.max(...data.fields.map((field) => field[2]), 0.0001);
    const few = data.columns.length < 14 && !narrow(element);
    return {
      grid: { left: narrow(element) ? 110 : 190, right: 8, top: 4, bottom: foot },
      tooltip: tooltip({ trigger: "item", formatter: (p) => encode(`${data.rows[p.data.value[1]]} · ${data.columns[p.data.value[0]]}: ${p.data.words}`) }),
      xAxis: { type: "category", data: data.columns, axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: colour("muted"), fontSize: 11, lineHeight: 13, interval: 0, rotate: narrow(element) ? 60 : upright ? 0 : 25, width: upright ? room / data.columns.length - 6 : 100, overflow: upright ? "break" : "truncate" } },
      yAxis: nameAxis(element, data.rows, { width: narrow(element) ? 104 : 180 }),
      series: [
        {
          type: "heatmap",
          data: data.fields.map(([x, y, share, words]) => ({
            value: [x, y, share],
            words,
            itemStyle: { borderColor: colour("surface"), borderWidth: 2 },
            label: { show: few, formatter: words, ...text({ fontSize: 11, color: share / most > Number(colour("heat-turn")) ? colour("heat-text") : colour("text") }) },
          })),
        },
      ],
      visualMap: { show: false, min: 0, max: most, dimension: 2, inRange: { color: [colour("heat-low"), colour("accent")] } },
    };
  };

  const paths = (element, data) => {
    element.style.height = `${Math.max(260, data.nodes.length * 30)}px`;
    const length = narrow(element) ? 11 : 24;
    return {
      tooltip: tooltip({ trigger: "item", formatter: (p) => encode(p.dataType === "edge" ? p.data.label : p.data.title) }),
      series: [
        {
          type: "sankey",
          nodes: data.nodes.map((node) => ({ name: node.id, title: node.name, itemStyle: { color: node.id === "+" ? colour("accent") : node.id === "-" ? colour("lost") : colour("muted") }, label: { formatter: shorten(node.name, length), position: /^[+-]$/.test(node.id) ? "left" : "right" } })),
          links: data.links.map((link) => ({ source: link.source, target: link.target, value: link.value, label: link.label, lineStyle: { color: link.good ? colour("accent") : colour("muted"), opacity: link.good ? 0.55 : 0.25 } })),
          left: 4,
          right: 4,
          top: 8,
          bottom: 8,
          nodeWidth: 10,
          nodeGap: 10,
          draggable: false,
          emphasis: { focus: "adjacency" },
          label: text({ fontSize: 12, textBorderColor: colour("surface"), textBorderWidth: 3 }),
        },
      ],
    };
  };

  const stays = (element, data) => {
    const lines = legendLines(element, data.series.map((series) => series.name));
    element.style.height = `${data.names.length * 34 + 16 + lines * 22}px`;
    return {
      legend: { bottom: 0, itemWidth: 12, itemHeight: 12, textStyle: text({ fontSize: 12 }), inactiveColor: colour("muted") },
      grid: { left: narrow(element) ? 150 : 200, right: 12, top: 4, bottom: 10 + lines * 22 },
      tooltip: tooltip({
        trigger: "item",
        formatter: (p) => encode(`${p.name}: ${p.seriesName} – ${data.series[p.seriesIndex].labels[p.dataIndex]}`),
      }),
      xAxis: hiddenAxis(1),
      yAxis: nameAxis(element, data.names),
      series: data.series.map((series, i) => ({
        name: series.name,
        type: "bar",
        stack: "stays",
        barWidth: 20,
        itemStyle: { color: colour(data.shades?.[i] ?? `length-${i}`) },
        data: series.values,
      })),
    };
  };

  const dayAxes = (data) => ({
    xAxis: {
      type: "category",
      data: data.days,
      axisLine: { lineStyle: { color: colour("line") } },
      axisTick: { show: false },
      axisLabel: { color: colour("muted"), hideOverlap: true, alignMaxLabel: "right" },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      axisLabel: { color: colour("muted") },
      splitLine: { lineStyle: { color: colour("line") } },
    },
  });
  const dayTooltip = (data) =>
    tooltip({
      trigger: "axis",
      axisPointer: { type: "shadow" },
      formatter: (points) =>
        [
          `<strong>${encode(data.titles[points[0].dataIndex])}</strong>`,
          ...points.filter((p) => p.value || data.series.length < 3).map((p) => `${p.marker}${encode(p.seriesName)}: ${p.value}`),
        ].join("<br>"),
    });

  const health = (element, data) => {
    element.style.height = "260px";
    return {
      ...dayAxes(data),
      legend: { bottom: 0, itemWidth: 12, itemHeight: 12, textStyle: text({ fontSize: 12 }), inactiveColor: colour("muted") },
      grid: { left: 8, right: 8, top: 12, bottom: narrow(element) ? 56 : 34, containLabel: true },
      tooltip: dayTooltip(data),
      series: data.series.map((series) => ({
        name: series.name,
        type: "bar",
        stack: "all",
        barMaxWidth: 28,
        itemStyle: { color: colour(`kind-${series.key}`) },
        data: series.values,
      })),
    };
  };

  const flow = (element, data) => {
    const left = (i) => `from ${i}`;
    const right = (i) => `to ${i}`;
    const used = new Set(data.links.flatMap((link) => [left(link.from), right(link.to)]));
    const length = narrow(element) ? 13 : 32;
    const nodes = data.stages.flatMap((name, i) =>
      [left(i), right(i)]
        .filter((id) => used.has(id))
        .map((id) => ({
          name: id,
          title: name,
          depth: id.startsWith("from") ? 0 : 1,
          itemStyle: { color: colour("muted") },
          label: { position: id.startsWith("from") ? "right" : "left", formatter: shorten(name, length) },
        })),
    );
    const shade = { on: colour("accent"), back: colour("lost"), restart: colour("after") };
    element.style.height = `${Math.max(240, Math.ceil(used.size / 2) * 44)}px`;
    return {
      tooltip: tooltip({ trigger: "item", formatter: (p) => encode(p.dataType === "edge" ? p.data.label : p.data.title) }),
      series: [
        {
          type: "sankey",
          nodes,
          links: data.links.map((link) => ({
            source: left(link.from),
            target: right(link.to),
            value: link.value,
            label: link.label,
            lineStyle: { color: shade[link.direction], opacity: link.direction === "on" ? 0.35 : 0.6 },
          })),
          left: 4,
          right: 4,
          top: 8,
          bottom: 8,
          nodeWidth: 10,
          nodeGap: 12,
          layoutIterations: 0, // keep the order of the stages
          draggable: false,
          emphasis: { focus: "adjacency" },
          label: text({ fontSize: 12, textBorderColor: colour("surface"), textBorderWidth: 3 }),
        },
      ],
    };
  };

  const kinds = { approach, bars, stays, health, flow, grouped, columns, lines, heat, paths };
  const drawn = new Map();

  window.drawCharts = () => {
    for (const chart of drawn.values()) chart.dispose();
    drawn.clear();
    for (const script of document.querySelectorAll("script[data-chart]")) {
      const element = document.getElementById(script.dataset.chart);
      const data = JSON.parse(script.textContent);
      if (!element) continue;
      const option = kinds[data.kind](element, data);
      const chart = echarts.init(element, null, { renderer: "svg" });
      chart.setOption({ animation: false, textStyle: { fontFamily: family() }, ...option }); // redrawn live and on every turn of a phone
      drawn.set(element, chart);
    }
  };

  let width = innerWidth;
  let waiting = null;
  addEventListener("resize", () => {
    if (innerWidth === width) return; // a phone's address bar coming and going
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(window.drawCharts, 120);
  });
  document.addEventListener("themechange", () => document.readyState !== "loading" && window.drawCharts());
})();
