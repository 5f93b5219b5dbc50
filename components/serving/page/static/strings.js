// Every text of the page, in each language: [English, Chinese]. `{name}` stands for a value.

const TEXTS = {
  skip: ["Skip to the content", "跳到正文"],
  cases: ["Cases", "案例"],
  docs: ["API", "接口"],
  figures: ["Metrics", "指标"],
  other: ["中文", "English"],
  otherSpoken: ["切换到中文", "Switch to English"],
  signOut: ["Sign out", "退出登录"],
  foot: ["What is tried here is not logged and does not reach monitoring.", "在此页面尝试的内容不会写入日志，也不会进入监控。"],
  unshown: ["The page could not be shown: {error}", "无法显示此页面：{error}"],
  loading: ["Loading…", "正在加载……"],
  none: ["No case is served.", "没有正在服务的案例。"],
  version: ["Version {version}", "版本 {version}"],
  took: ["answered in {ms} ms", "用时 {ms} 毫秒"],
  card: ["Model card", "模型说明卡"],
  close: ["Close", "关闭"],
  noCard: ["This version has no card.", "此版本没有说明卡。"],

  binary: ["Two classes", "二分类"],
  multiclass: ["Several classes", "多分类"],
  regression: ["A number", "数值回归"],
  survival: ["Survival", "生存分析"],
  competing_risks: ["Competing risks", "竞争风险"],
  detection: ["Objects in images", "图像目标检测"],
  next_item: ["Recommendation", "推荐"],
  conversion: ["Pinyin to characters", "拼音转汉字"],

  tokenTitle: ["This server asks for its token", "此服务器需要令牌"],
  tokenWhy: ["It is the value of CASEBOOK_TOKEN where the server was started. This browser remembers it for 30 days.", "即启动服务器时 CASEBOOK_TOKEN 的值。浏览器会记住 30 天。"],
  token: ["Token", "令牌"],
  signIn: ["Sign in", "登录"],
  tokenWrong: ["This is not the server's token.", "令牌不正确。"],
  tokenEmpty: ["Enter the token.", "请输入令牌。"],

  input: ["Input", "输入"],
  answer: ["Answer", "结果"],
  predict: ["Predict", "预测"],
  example: ["Back to the example", "恢复示例"],
  columns: ["{count} columns, filled with a typical row. The answer follows what you type.", "{count} 列，已填入一条典型记录。结果会随输入更新。"],
  find: ["Find a column", "查找列"],
  found: ["{count} of {all} columns shown", "显示 {all} 列中的 {count} 列"],
  noValue: ["no value", "无值"],
  yes: ["yes", "是"],
  no: ["no", "否"],
  allowed: ["{low} to {high}", "{low} 至 {high}"],
  atLeast: ["{low} or more", "不小于 {low}"],
  atMost: ["{high} or less", "不大于 {high}"],
  trained: ["training: {low} to {high}", "训练数据：{low} 至 {high}"],
  missing: ["missing", "缺失"],

  wrong: ["{count} field(s) need attention", "有 {count} 处输入需要修改"],
  fix: ["No answer: the server does not take what is marked in the input.", "没有结果：服务器不接受输入中标出的内容。"],
  offline: ["The server cannot be reached. Is it running?", "无法连接服务器，请确认它正在运行。"],
  busy: ["The server is busy. Try again in a moment.", "服务器繁忙，请稍后重试。"],
  starting: ["The server is not ready, or is ending. Try again in a moment.", "服务器尚未就绪或正在关闭，请稍后重试。"],
  slow: ["No answer began within 10 seconds. Try again in a moment.", "10 秒内未能开始处理，请稍后重试。"],
  large: ["This is too large for the server.", "内容超过服务器允许的大小。"],
  failed: ["The server could not answer: {error}", "服务器未能给出结果：{error}"],
  retry: ["Try again", "重试"],
  warnings: ["To note", "注意"],
  asRequest: ["The same as a request", "对应的请求命令"],
  asJson: ["The whole answer", "完整结果"],
  copy: ["Copy", "复制"],
  copyKeys: ["Select it and copy by keys", "请选中后手动复制"],
  copied: ["Copied", "已复制"],

  probability: ["Probability of {what}", "“{what}”的概率"],
  threshold: ["threshold {value}", "阈值 {value}"],
  over: ["At or above the threshold of {value}", "达到或超过阈值 {value}"],
  under: ["Below the threshold of {value}", "低于阈值 {value}"],
  saidBinary: ["{what}: {score}, {decision}", "{what}：{score}，{decision}"],
  raised: ["What raises this score", "哪些取值推高了评分"],
  raisedNone: ["Nothing here raises the score above a typical row’s.", "没有取值使评分高于典型记录。"],
  raisedHow: ["By how much each value alone multiplies the odds, against a typical row.", "与典型记录相比，各取值单独使几率（odds）变为原来的多少倍。"],
  speaks: ["What speaks for {what}", "支持“{what}”的取值"],
  speaksNone: ["No single value speaks for it more than a typical row’s.", "没有哪个取值比典型记录更支持该结果。"],
  moved: ["What moves it from a typical row’s value", "哪些取值使结果偏离典型记录"],
  movedNone: ["No single value moves it from a typical row’s.", "没有取值使结果偏离典型记录。"],
  movedHow: ["What each value alone adds, in units of {what}.", "每个取值单独带来的变化，单位与“{what}”相同。"],
  hazards: ["What changes the hazard", "哪些取值改变了风险率"],
  hazardsNone: ["No single value changes the hazard from a typical person’s.", "没有取值使风险率偏离典型个体。"],
  hazardsHow: ["By how much each value alone multiplies the hazard, against a typical person.", "与典型个体相比，各取值单独使风险率变为原来的多少倍。"],
  times: ["×{value}", "×{value}"],

  likeliest: ["Likeliest class", "最可能的类别"],
  classes: ["Probabilities", "各类别概率"],
  showAll: ["Show all {count}", "显示全部 {count} 项"],
  within: ["{share} interval: {low} to {high}", "{share} 区间：{low} 至 {high}"],
  estimate: ["Estimate of {what}", "“{what}”的估计值"],

  riskBy: ["Risk by {time}", "{time}内的风险"],
  riskOf: ["Risk of {what} by {time}", "{time}内“{what}”的风险"],
  curve: ["Probability to be without the event", "未发生事件的概率"],
  curves: ["Probability of each event so far", "各类事件的累积概率"],
  band: ["Shaded: the interval", "阴影为区间"],
  without: ["without an event", "未发生任何事件"],
  median: ["Half have the event by {value} ({low} to {high})", "中位时间：{value}（{low} 至 {high}）"],
  medianNone: ["By {time}, fewer than half have the event.", "到 {time} 时，发生事件的不到一半。"],
  beyond: ["later than shown", "超出图示范围"],
  readAt: ["Read the curve at", "查看某一时刻"],
  at: ["at {time}: {value}", "{time}时：{value}"],
  table: ["As a table", "以表格显示"],
  time: ["Time", "时间"],
  value: ["Value", "值"],
  interval: ["Interval", "区间"],

  pinyin: ["Pinyin", "拼音"],
  pinyinHint: ["With spaces or without; tones as digits: nihao, ni3 hao3. ↓ and ↑ choose, Enter takes.", "可加空格或不加，声调用数字：nihao、ni3 hao3。↓ ↑ 选择，回车上屏。"],
  pinyinDigits: ["With spaces or without: nihao, ni hao. ↓ and ↑ choose, Enter or a digit takes.", "可加空格或不加：nihao、ni hao。↓ ↑ 选择，回车或数字键上屏。"],
  pinyinFirst: ["Type pinyin, and its readings stand here.", "输入拼音后，候选会显示在这里。"],
  typed: ["How it is typed", "输入方式"],
  abbreviations: ["initials alone: nh", "只输声母：nh"],
  typos: ["with slips: nihoa", "容许误击：nihoa"],
  fuzzy: ["sounds mixed: z = zh, n = l, in = ing", "模糊音：z = zh、n = l、in = ing"],
  readings: ["Readings", "候选"],
  readingsSaid: ["{count} readings; the first: {text}", "{count} 个候选，首选：{text}"],
  written: ["Text", "文本"],
  writtenHint: ["What you take is added here; it can be edited.", "选中的文字会加到这里，可以修改。"],
  clear: ["Clear", "清空"],
  likely: ["{share} likely", "可能性 {share}"],

  image: ["Image", "图像"],
  drop: ["Drop an image here, or choose a file", "将图像拖到此处，或选择文件"],
  choose: ["Choose an image", "选择图像"],
  imageExample: ["Use the example", "使用示例"],
  imageNone: ["PNG, JPEG, TIFF, and whatever else the model reads. It leaves this browser only for this server.", "支持 PNG、JPEG、TIFF 等模型可读取的格式。图像只会发送到此服务器。"],
  unread: ["This file cannot be read: {error}", "无法读取此文件：{error}"],
  imageFirst: ["Choose an image, and its objects are marked here.", "选择图像后，检测到的目标会在这里标出。"],
  wide: ["width", "宽"],
  high: ["height", "高"],
  objects: ["Objects found", "检测到的目标"],
  counted: ["{count} object(s) found", "检测到 {count} 个目标"],
  countedNone: ["No object was found.", "未检测到目标。"],
  shown: ["{count} of {all} object(s) shown", "显示 {all} 个目标中的 {count} 个"],
  least: ["Confidence at least", "置信度不低于"],
  boxes: ["Boxes in pixels", "目标框（像素）"],
  object: ["Class", "类别"],
  confidence: ["Confidence", "置信度"],
  pictureOf: ["{name}, with a box around each object found", "{name}，每个检测到的目标都有方框"],
  asking: ["Looking…", "正在检测……"],

  user: ["User", "用户"],
  userHint: ["An id that the model knows, such as {id}", "模型已知的用户编号，例如 {id}"],
  byUser: ["For a user", "按用户"],
  byItems: ["For a history of items", "按历史记录"],
  history: ["Items, oldest first", "历史条目（从早到晚）"],
  historyEmpty: ["Find an item by its title and add it: the list follows what is added.", "按标题查找并添加条目，推荐会随之更新。"],
  by_blend: ["By what stands in the history, best first.", "根据历史记录推荐，最佳在前。"],
  by_features: ["Nothing is known of what this user had: by what users of like features had.", "没有该用户的历史记录，根据特征相近的用户推荐。"],
  by_popularity: ["Nothing is known of this user: by what is popular.", "对该用户一无所知，按热门程度推荐。"],
  addItem: ["Find an item by title", "按标题查找条目"],
  itemHint: ["Part of its title, or its id", "标题的一部分，或编号"],
  noItems: ["No title holds this text.", "没有包含该文字的标题。"],
  removeItem: ["Remove {title}", "移除 {title}"],
  top: ["How many", "推荐数量"],
  list: ["Recommended", "推荐列表"],
  listSaid: ["{count} items; the first: {title}", "{count} 项推荐，第一项：{title}"],
  because: ["because of {title}", "因为 {title}"],
  itemsNone: ["Nothing to recommend.", "没有可推荐的内容。"],
  recommend: ["Recommend", "推荐"],
};

const KINDS = { numeric: "数值", amount: "金额", categorical: "类别", boolean: "真假", date: "日期", text: "文本", band: "区间" };

// What servers say of a cell, for readers of Chinese; what stands in none of these is shown as it was said.
const SAID = [
  [/^is missing; send null for no value$/, "缺少此列；没有值时请留空"],
  [/^is no column of the model$/, "模型没有这一列"],
  [/^is no text, number, truth or null$/, "不是文字、数字、真假或空值"],
  [/^is no value of a (\w+) column$/, (_, kind) => `不是有效的取值（列类型：${KINDS[kind] ?? kind}）`],
  [/^is no class of training$/, "训练数据中没有这个类别"],
  [/^is beyond training's (.+) to (.+)$/, "超出训练数据的范围 $1 至 $2"],
  [/^is below (.+), taken as missing$/, "小于 $1，按缺失处理"],
  [/^is above (.+), taken as missing$/, "大于 $1，按缺失处理"],
  [/^is below training's (.+)$/, "小于训练数据的最小值 $1"],
  [/^is above training's (.+)$/, "大于训练数据的最大值 $1"],
  [/^(.+?) = (.+) (is (?:no|below|above) .+)$/s, (_, name, value, rest) => `${humane(name)} = ${value} ${said(rest)}`],
  [/^is below (.+)$/, "小于 $1"],
  [/^is above (.+)$/, "大于 $1"],
  [/^(.+): (.+) cannot be read$/s, (_, name, value) => `${humane(name)}：${value} 无法读取`],
  [/^\d+ user\(s\) that the model does not know, without a history, such as (.+): answered by popularity$/, "模型不认识用户 $1，且没有历史记录：按热门程度推荐"],
  [/^\d+ user\(s\) with an empty history, such as (.+): answered by popularity$/, "用户 $1 的历史记录为空：按热门程度推荐"],
  [/^\d+ user\(s\) without a history, such as (.+): answered by what users of like features had$/, "用户 $1 没有历史记录：根据特征相近的用户推荐"],
  [/^(\d+) event\(s\) of items that the model does not know, such as (.+): ignored$/, "有 $1 个条目模型不认识，例如 $2：已忽略"],
  [/^\d+ user\(s\) with more events than the network reads, such as (.+): it reads the last (\d+) of each$/, "用户 $1 的历史较长：网络只读取最后 $2 条"],
  [/^\d+ user\(s\), such as (.+), get fewer items than the (\d+) asked for: the model knows (\d+)$/, "推荐少于所要求的 $2 项：模型只认识 $3 项"],
  [/^\d+ user\(s\) for whom fewer items are left than were asked for, such as .+$/, "剩余条目少于所要求的数量"],
  [/^syllable (\d+): (.+) is no pinyin; it is left as it is$/, "第 $1 个音节 $2 不是拼音，保持原样"],
  [/^syllable (\d+): (.+) is taken for English; it is left as it is$/, "第 $1 个音节 $2 视为英文，保持原样"],
  [/^far darker than training images (.+)$/, "比训练图像暗得多 $1"],
  [/^far brighter than training images (.+)$/, "比训练图像亮得多 $1"],
  [/^far less sharp than training images (.+)$/, "比训练图像模糊得多 $1"],
  [/^far noisier or sharper than training images (.+)$/, "比训练图像噪声大得多或更锐利 $1"],
  [/^(\d+) channel\(s\), and training images have (.+)$/, "有 $1 个通道，训练图像有 $2 个"],
  [/^(\w+), and training images are (\w+)$/, "像素类型为 $1，训练图像为 $2"],
  [/^(.+): no character of (.+) has this tone; it is left out$/, "$1：$2 没有这个声调的字，声调已忽略"],
  [/^(\d+) character\(s\) that nobody sees are dropped .+$/, "已去掉 $1 个不可见字符"],
];

const LANGUAGES = ["en", "zh"];
const KEPT = "casebook-language";
const kept = () => {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // a browser that keeps nothing
  }
};

// The one chosen before, or the one that the server found in `Accept-Language`.
let now = [kept(), document.documentElement.lang].find((one) => LANGUAGES.includes(one)) ?? "en";

export const language = () => now;

export function setLanguage(other) {
  now = other;
  try {
    localStorage.setItem(KEPT, other);
  } catch {
    // the choice lasts as long as the page
  }
}

export function t(key, values = {}) {
  const found = TEXTS[key];
  if (!found) return key;
  return found[LANGUAGES.indexOf(now)].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const known = (key) => key in TEXTS;

export function said(text) {
  if (now === "en") return text;
  for (const [pattern, wanted] of SAID) if (pattern.test(text)) return text.replace(pattern, wanted);
  return text;
}

// The language of what `said` gives, where it is not the page's.
export const tongue = (text) => (now !== "en" && said(text) === text ? "en" : null);

// Names of data as people read them: `No_Alley_Access` is "No Alley Access".
export const humane = (name) => String(name).replace(/_+/g, " ").trim() || String(name);

export function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const whole = Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits };
  return new Intl.NumberFormat(now, whole).format(value);
}

export function percent(value) {
  if (value > 0 && value < 0.00005) return `<${percent(0.0001)}`;
  const digits = value > 0.0005 && value < 0.9995 ? 1 : 2;
  return new Intl.NumberFormat(now, { style: "percent", maximumFractionDigits: digits }).format(value);
}

export const factors = (value) => new Intl.NumberFormat(now, value < 100 ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { maximumFractionDigits: 0 }).format(value);

export function shownValue(value) {
  if (value === null || value === undefined) return t("missing");
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  return typeof value === "number" ? number(value, 6) : humane(value);
}

export const signed = (value) => (value < 0 ? `−${number(-value)}` : `+${number(value)}`);

// A time in a unit such as "years".
export const inUnit = (time, unit) =>
  new Intl.NumberFormat(now, { style: "unit", unit: unit.replace(/s$/, ""), unitDisplay: "long", maximumSignificantDigits: 3 }).format(time);
